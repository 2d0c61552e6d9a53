/** Deltas that are applied: of random data, of copies in every order, and of nothing that is allowed. */
import { createHash } from "node:crypto";
import { encodeDeltaStream, patchStream } from "rsync-streams";
import type { DeltaCommand, DeltaFormatOptions } from "rsync-streams";
import { MIB, randomBytes } from "../_data.ts";
import type { Case } from "./measure.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const REPEATS = 2000;
const HEADER = [0x92, 0x52, 0x53, 0x44, 1, 0, 0, 0];
const MAX = Number.MAX_SAFE_INTEGER;

/** Formats whose deltas have no digest. */
const WITHOUT_DIGEST: readonly DeltaFormatOptions[] = [{ format: "librsync" }, { format: "luapower", blockLength: 1 }];

const COPIES_OF_A_BYTE = "copies of 1 byte, back and forth";
const DATA_OF_A_BYTE = "data of 1 byte each";

async function encoded(commands: Iterable<DeltaCommand>, format?: DeltaFormatOptions): Promise<Bytes> {
  return await new Response(ReadableStream.from(commands).pipeThrough(encodeDeltaStream(format))).bytes();
}

/** Commands as a delta with the digest of what they make of a basis. */
async function withDigest(basis: Bytes, commands: () => Iterable<DeltaCommand>): Promise<Bytes> {
  const hash = createHash("sha256");
  const plain = ReadableStream.from([await encoded(commands())]).pipeThrough(patchStream(basis));
  for await (const chunk of plain) hash.update(chunk);
  const empty = new Uint8Array(0);
  const algorithm = "sha-256";
  return await encoded([
    { data: empty, digest: { algorithm } },
    ...commands(),
    { data: empty, digest: { algorithm, sum: Uint8Array.from(hash.digest()) } },
  ]);
}

/** Applies a delta, and counts what it makes until it ends or fails. */
async function apply(
  basis: Bytes,
  delta: Bytes,
  maxOutputLength: number,
  format?: DeltaFormatOptions,
): Promise<number> {
  let length = 0;
  try {
    const stream = ReadableStream.from([delta]).pipeThrough(patchStream(basis, { ...format, maxOutputLength }));
    for await (const chunk of stream) length += chunk.length;
  } catch {
    // Most of them are refused.
  }
  return length;
}

/** Copies of `each` bytes whose offsets follow a rule. */
function* copies(count: number, each: number, offsetOf: (k: number) => number): Iterable<DeltaCommand> {
  for (let k = 0; k < count; k++) yield { copy: { offset: offsetOf(k), length: each } };
}

/** Each byte as a command of its own. */
function* dataBytes(bytes: Bytes): Iterable<DeltaCommand> {
  for (let at = 0; at < bytes.length; at++) yield { data: bytes.subarray(at, at + 1) };
}

/** Varints: seven bits a byte, from the lowest on. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(128 + value % 128);
  return [...bytes, value];
}

/** Deltas whose target has `length` bytes or less. */
export async function* deltaCases(length: number): AsyncGenerator<Case> {
  const basis = randomBytes(1, length);
  const half = length / 2;
  const targets: Record<string, () => Iterable<DeltaCommand>> = {
    "random data": () => [{ data: randomBytes(2, length) }],
    "the basis in one copy": () => copies(1, length, () => 0),
    "copies of one MiB, again and again": () => copies(length / MIB, MIB, (k) => k % 2),
    "copies of 4 KiB, backwards": () => copies(length / 4096, 4096, (k) => length - 4096 * (k + 1)),
    "copies of 64 bytes, backwards": () => copies(length / 64, 64, (k) => length - 64 * (k + 1)),
    "copies of 64 bytes that overlap": () => copies(length / 64, 64, (k) => k % (length - 64)),
    [COPIES_OF_A_BYTE]: () => copies(length / 4, 1, (k) => k % 2 ? half + k : k),
    [DATA_OF_A_BYTE]: () => dataBytes(randomBytes(3, length / 4)),
  };
  for (const [name, commands] of Object.entries(targets)) {
    const delta = await withDigest(basis, commands);
    const made = await apply(basis, delta, length);
    yield {
      job: "patch",
      name,
      length: delta.length + made,
      run: async () => void await apply(basis, delta, length),
    };
  }
  for (const format of WITHOUT_DIGEST) {
    for (const name of ["random data", COPIES_OF_A_BYTE, DATA_OF_A_BYTE]) {
      const delta = await encoded(targets[name]!(), format);
      const made = await apply(basis, delta, length, format);
      yield {
        job: `patch, ${format.format}`,
        name,
        length: delta.length + made,
        run: async () => void await apply(basis, delta, length, format),
      };
    }
  }
  const short: Record<string, number[]> = {
    "random, valid": [...varint(2 * 24), ...randomBytes(3, 24), 0, 24],
    "a copy of 2^52 bytes": [...varint(2 ** 53 - 1), 0],
    "a copy from 2^52 on": [3, ...varint(2 ** 53 - 2)],
    "data of 2^52 bytes": [...varint(2 ** 53 - 2), ...randomBytes(4, 16)],
    "a target of 2^53 - 1 bytes": [0, ...varint(MAX)],
    "LEB128 without end": Array(26).fill(0x80),
  };
  for (const [name, bytes] of Object.entries(short)) {
    const delta = Uint8Array.from([...HEADER, ...bytes]);
    yield {
      job: "patch, 36 bytes",
      name,
      length: REPEATS * (HEADER.length + 26),
      async run() {
        for (let i = 0; i < REPEATS; i++) await apply(basis, delta, MIB);
      },
    };
  }
  const endless = new Uint8Array(length).fill(0x80);
  endless.set(HEADER);
  yield {
    job: "patch",
    name: "LEB128 without end, in as many bytes",
    length,
    run: async () => void await apply(basis, endless, length),
  };
}
