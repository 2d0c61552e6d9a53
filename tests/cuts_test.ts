/** Signatures and deltas that are cut at each byte: where the trouble is, and how much of what was there. */
import assert from "node:assert/strict";
import {
  decodeDeltaStream,
  type DeltaCommand,
  type DeltaFormatOptions,
  encodeDeltaStream,
  loadSigs,
  type LoadSigsOptions,
  RsyncError,
} from "rsync-streams";
import { layeredSigStream } from "rsync-streams/sync";
import { type Chunking, makeSig, SALT, source, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const CHUNKINGS: readonly Chunking[] = ["whole", 1];

interface Whole {
  bytes: Bytes;
  /** Where each item starts: what is cut is an error at the start of its item. */
  items: number[];
  /** Cuts that make another whole file. */
  isWhole?: (length: number) => boolean;
  /** Parts of which each byte is an item: data, and what is read over. */
  loose?: [from: number, to: number][];
  read: (bytes: Bytes, chunking: Chunking) => Promise<unknown>;
}

function readSig(options: LoadSigsOptions = {}) {
  return (bytes: Bytes, chunking: Chunking) => loadSigs(source(bytes, chunking), options);
}

function readDelta(options: DeltaFormatOptions = {}) {
  return (bytes: Bytes, chunking: Chunking) => {
    return Array.fromAsync(source(bytes, chunking).pipeThrough(decodeDeltaStream(options)));
  };
}

const BASIS = randomBytes(1, 100);

/** The starts of `count` items of one length. */
function starts(from: number, count: number, length: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i * length);
}

async function encode(commands: DeltaCommand[], options: DeltaFormatOptions = {}): Promise<Bytes> {
  return await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream(options)));
}

const far = 2 ** 40;
const WHOLES: Record<string, () => Promise<Whole>> = {
  async "a signature"() {
    const { bytes } = await makeSig(BASIS, { blockLength: 16, strongLength: 5 });
    return { bytes, items: [0, 32, ...starts(36, 7, 9), 99], read: readSig() };
  },
  async "a signature with a digest"() {
    const { bytes } = await makeSig(BASIS, { blockLength: 64, strongLength: 5, digest: true });
    return { bytes, items: [0, 32, ...starts(36, 2, 9), 54], read: readSig() };
  },
  async "a signature of several frames"() {
    // Of blocks of a MiB there is one in each frame.
    const { bytes } = await makeSig(new Uint8Array(2 ** 21 + 1), { blockLength: 2 ** 20, strongLength: 2 });
    return { bytes, items: [0, 32, 36, 42, 46, 52, 56, 62], read: readSig() };
  },
  async "a layered signature"() {
    const layers = [{ blockLength: 64, strongLength: 3 }, { blockLength: 32, strongLength: 2 }];
    const bytes = await toBytes(source(BASIS).pipeThrough(layeredSigStream({ layers, salt: SALT, entityTag: "tag" })));
    const first = 33 + 5 * 2;
    const trailer = first + 4 + 4 * 6;
    const footer = trailer + 44 + 2 * 7;
    const loose: [number, number][] = [[trailer + 44, footer]];
    return { bytes, items: [0, first, ...starts(first + 4, 4, 6), trailer, footer], loose, read: readSig() };
  },
  async "a signature of librsync"() {
    const { bytes } = await makeSig(BASIS, { format: "librsync", blockLength: 16, strongLength: 5 });
    const isWhole = (length: number) => length >= 12 && (length - 12) % 9 === 0;
    return { bytes, items: [0, ...starts(12, 7, 9)], isWhole, read: readSig() };
  },
  async "a signature of luapower"() {
    const options = { format: "luapower", blockLength: 16 } as const;
    const { bytes } = await makeSig(BASIS, options);
    return { bytes, items: starts(0, 6, 36), isWhole: (length) => length % 36 === 0, read: readSig(options) };
  },
  async "a delta"() {
    const none = new Uint8Array(0);
    const algorithm = "sha-256";
    const bytes = await encode([
      { data: none, digest: { algorithm } },
      { copy: { offset: 0, length: 1 } },
      { copy: { offset: far, length: far } },
      { data: randomBytes(2, 200) },
      { copy: { offset: 5, length: 300 } },
      { data: none, digest: { algorithm, sum: new Uint8Array(32) } },
    ]);
    // A copy of 2 bytes, one of 6 and 6, data with a head of 2, a copy of 2 and 6.
    const data = 8 + 2 + 12;
    return {
      bytes,
      items: [0, 8, 10, data, data + 202, data + 210],
      loose: [[data + 2, data + 202]],
      read: readDelta(),
    };
  },
  async "a delta of librsync"() {
    const options = { format: "librsync" } as const;
    const bytes = await encode([
      { copy: { offset: 0, length: 1 } },
      { copy: { offset: far, length: far } },
      { data: randomBytes(2, 3) },
      { data: randomBytes(3, 300) },
    ], options);
    const items = [0, 4, 7, 24, 28, 331];
    return { bytes, items, loose: [[25, 28], [31, 331]], read: readDelta() };
  },
  async "a delta of luapower"() {
    const options = { format: "luapower", blockLength: 16 } as const;
    const bytes = await encode([{ copy: { offset: 16, length: 32 } }, { data: randomBytes(2, 9) }], options);
    const isWhole = (length: number) => length === 0 || length === 6;
    return { bytes, items: [0, 6], loose: [[11, 20]], isWhole, read: readDelta(options) };
  },
};

for (const [name, make] of Object.entries(WHOLES)) {
  Deno.test(`${name} that is cut anywhere is refused where the item that was cut starts`, async () => {
    const { bytes, items, loose = [], isWhole, read } = await make();
    for (const chunking of CHUNKINGS) {
      await read(bytes, chunking);
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.slice(0, length);
        if (isWhole?.(length)) {
          await read(cut, chunking);
          continue;
        }
        const isLoose = loose.some(([from, to]) => length >= from && length < to);
        const offset = isLoose ? length : items.findLast((start) => start <= length)!;
        await assert.rejects(read(cut, chunking), (error) => {
          assert.ok(error instanceof RsyncError, String(error));
          assert.deepEqual([error.code, error.offset], ["truncated", offset], `${length} bytes: ${error.message}`);
          const [, wanted, seen] = /: (\d+) bytes were expected, and it ends after (\d+) of them/.exec(error.message)!;
          assert.ok(Number(wanted) > Number(seen) && Number(seen) === length - offset, error.message);
          // As many bytes as it asks for can be there, if it is not a matter of what they say.
          assert.ok(offset + Number(wanted) <= bytes.length, `${length} bytes: ${error.message}`);
          return true;
        });
      }
    }
  });
}
