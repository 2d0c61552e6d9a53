/** Signatures that are loaded: records aimed at a table, duplicates, and headers that claim anything. */
import { loadSigs } from "rsync-streams";
import { batchOf, ordinary, PARAMS, type Recipe, RECORDS } from "../../tests/aimed_records.ts";
import type { Case } from "./measure.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Signatures of a header alone that are read in one run. */
const REPEATS = 2000;
const HEADER_LENGTH = 12;

/** A signature of librsync's format, with RabinKarp and BLAKE2b, and records of a recipe. */
function signature(recipe: Recipe, count: number): Bytes {
  const { blockLength, strongLength } = PARAMS;
  const { weak, strong } = batchOf(recipe, count);
  const bytes = new Uint8Array(HEADER_LENGTH + count * (4 + strongLength));
  const fields = new DataView(bytes.buffer);
  fields.setUint32(0, 0x72730147);
  fields.setUint32(4, blockLength);
  fields.setUint32(8, strongLength);
  for (let k = 0; k < count; k++) {
    const at = HEADER_LENGTH + k * (4 + strongLength);
    fields.setUint32(at, weak[k]!);
    bytes.set(strong.subarray(k * strongLength, (k + 1) * strongLength), at + 4);
  }
  return bytes;
}

/** The signatures of one block that have a wrong field: offset, bytes and value of it. */
const CLAIMS: Record<string, [number, number, bigint] | undefined> = {
  "random, valid": undefined,
  "a file of 2^53 - 1 bytes": [0, 8, 2n ** 53n - 1n],
  "a file of 2^64 - 1 bytes": [0, 8, 2n ** 64n - 1n],
  "blocks of 2^30 bytes": [-1, 4, 2n ** 30n],
  "blocks of 2^32 - 1 bytes": [-1, 4, 2n ** 32n - 1n],
  "a frame of 65,536 records": [-2, 4, 65_536n],
  "a frame of 2^32 - 1 records": [-2, 4, 2n ** 32n - 1n],
};

/** A signature of one block of 64 bytes of the rsync-streams format, with a field changed. */
function claim(change: [number, number, bigint] | undefined): Bytes {
  const bytes = new Uint8Array(32 + 4 + 4 + 32 + 12);
  const fields = new DataView(bytes.buffer);
  bytes.set([0x92, 0x52, 0x53, 0x53, 1, 0, 2, 2]);
  fields.setUint32(8, 64, true);
  bytes[12] = 32;
  fields.setUint32(32, 1, true);
  crypto.getRandomValues(bytes.subarray(36, 72));
  fields.setBigUint64(76, 64n, true);
  if (change) {
    const [place, width, value] = change;
    const at = place === -1 ? 8 : place === -2 ? 32 : 76;
    for (let i = 0; i < width; i++) bytes[at + i] = Number((value >> BigInt(8 * i)) & 255n);
  }
  return bytes;
}

/** Loads a signature, whatever comes of it. */
async function load(bytes: Bytes): Promise<void> {
  await loadSigs(bytes).catch(() => {});
}

/** The signatures of `count` records, and those of one. */
export function* signatureCases(count: number): Generator<Case> {
  for (const [name, recipe] of Object.entries({ "random records": ordinary, ...RECORDS })) {
    const bytes = signature(recipe, count);
    yield { job: "load a signature", name, length: bytes.length, run: () => load(bytes) };
  }
  for (const [name, change] of Object.entries(CLAIMS)) {
    const bytes = claim(change);
    yield {
      job: "load a signature of 84 bytes",
      name,
      length: REPEATS * bytes.length,
      async run() {
        for (let i = 0; i < REPEATS; i++) await load(bytes);
      },
    };
  }
}
