/** Files of zstd and gzip, put together by hand: each kind of frame, and each way in which it can be wrong. */
import assert from "node:assert/strict";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { run, test } from "./_cli_inside.ts";
import { chunks } from "./_helpers.ts";
import { concat } from "./_recipes.ts";

/** A delta in librsync's format: a literal of zeros, and something at its end. */
const CONTENT = concat([
  Uint8Array.of(0x72, 0x73, 0x02, 0x36, 0x43, 0, 3, 0x0d, 0x52),
  new Uint8Array(200_000),
  Uint8Array.from("end of the literal", (character) => character.charCodeAt(0)),
  Uint8Array.of(0),
]);
const ZEROS_AT = 9;

function littleEndian(number: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.floor(number / 256 ** i) % 256);
}

const MAGIC = littleEndian(0xfd2fb528, 4);

interface FrameOptions {
  /** Byte of the window. Undefined if the frame is a single segment. */
  readonly window?: number | undefined;
  /** 0 to 3: the content size has 0 or 1, 2, 4, 8 bytes. */
  readonly sizeFlag?: number;
  /** 0 to 3: the number of the dictionary, which is 0, has 0, 1, 2, 4 bytes. */
  readonly idFlag?: number;
}

/** A frame of blocks (RFC 8878, section 3.1.1). `length` is that of the content. */
function frame(blocks: readonly Uint8Array[], length: number, options: FrameOptions = {}): Uint8Array {
  const { window, sizeFlag = 2, idFlag = 0 } = options;
  const isSingle = window === undefined;
  const sizeLength = [isSingle ? 1 : 0, 2, 4, 8][sizeFlag]!;
  return concat([
    MAGIC,
    Uint8Array.of(sizeFlag << 6 | (isSingle ? 0x20 : 0) | idFlag),
    isSingle ? new Uint8Array() : Uint8Array.of(window),
    new Uint8Array([0, 1, 2, 4][idFlag]!),
    littleEndian(sizeFlag === 1 ? length - 256 : length, sizeLength),
    ...blocks,
  ]);
}

function block(type: number, length: number, bytes: Uint8Array, isLast = false): Uint8Array {
  return concat([littleEndian(length * 8 + type * 2 + (isLast ? 1 : 0), 3), bytes]);
}

const raw = (bytes: Uint8Array, isLast = false) => block(0, bytes.length, bytes, isLast);
const zeros = (length: number) => block(1, length, new Uint8Array(1));

/** The blocks of the content: bytes as they are, and runs. The longest block that there can be is one of them. */
const BLOCKS = [
  raw(CONTENT.subarray(0, ZEROS_AT)),
  zeros(2 ** 17),
  zeros(200_000 - 2 ** 17 - 1000),
  raw(new Uint8Array(1000)),
  raw(new Uint8Array(0)),
  raw(CONTENT.subarray(ZEROS_AT + 200_000), true),
];

const skippable = (number: number, length: number) => {
  return concat([littleEndian(0x184d2a50 + number, 4), littleEndian(length, 4), new Uint8Array(length).fill(7)]);
};
const short = CONTENT.subarray(0, 4);
const whole = frame(BLOCKS, CONTENT.length);
const rest = frame([raw(CONTENT.subarray(4, 300)), zeros(90_000), zeros(109_709), BLOCKS.at(-1)!], CONTENT.length - 4);

/** Each of them has the content. */
const GOOD: Record<string, Uint8Array> = {
  "made by zstd": zstdCompressSync(CONTENT),
  "a single segment": whole,
  "a size of eight bytes": frame(BLOCKS, CONTENT.length, { sizeFlag: 3 }),
  "a window and no size": frame(BLOCKS, CONTENT.length, { window: 0x58, sizeFlag: 0 }),
  "a window and a size of four bytes": frame(BLOCKS, CONTENT.length, { window: 0x58 }),
  "a window and a size of eight bytes": frame(BLOCKS, CONTENT.length, { window: 0x58, sizeFlag: 3 }),
  "the longest window": frame(BLOCKS, CONTENT.length, { window: 17 << 3 }),
  "a dictionary of one byte": frame(BLOCKS, CONTENT.length, { idFlag: 1 }),
  "a dictionary of two bytes": frame(BLOCKS, CONTENT.length, { idFlag: 2, window: 0x58 }),
  "a dictionary of four bytes": frame(BLOCKS, CONTENT.length, { idFlag: 3, sizeFlag: 3 }),
  "two frames, of sizes of one byte and of four": concat([frame([raw(short, true)], 4, { sizeFlag: 0 }), rest]),
  "frames of sizes of two bytes": concat([
    frame([raw(CONTENT.subarray(0, 300), true)], 300, { sizeFlag: 1 }),
    frame([raw(CONTENT.subarray(300, 600), true)], 300, { sizeFlag: 1, window: 0 }),
    frame([zeros(2 ** 17), zeros(200_009 - 600 - 2 ** 17), BLOCKS.at(-1)!], CONTENT.length - 600),
  ]),
  "empty frames": concat([frame([raw(new Uint8Array(), true)], 0, { sizeFlag: 0 }), whole, zstdCompressSync("")]),
  "frames without data before, between and behind": concat([
    zstdCompressSync(short),
    skippable(0, 0),
    skippable(15, 1),
    skippable(7, 300_000),
    rest,
    skippable(8, 5),
  ]),
  "made by gzip": gzipSync(CONTENT),
  "two files of gzip, and zeros": concat([gzipSync(short), gzipSync(CONTENT.subarray(4)), new Uint8Array(1000)]),
};

const DAMAGED = [106, "it is damaged"] as const;
const TRAILING = [106, "other bytes follow its end"] as const;
const NO_BLOCK = [106, "a block is no block"] as const;
const EARLY = [103, "it ends too early"] as const;

const gzip = gzipSync(CONTENT);
const zstd = zstdCompressSync(CONTENT.subarray(0, 60));
const flipped = (bytes: Uint8Array, at: number) => bytes.with(at < 0 ? bytes.length + at : at, bytes.at(at)! ^ 1);

/** What each says, and the exit code. */
const BAD: Record<string, readonly [bytes: Uint8Array, expected: readonly [code: number, why: string]]> = {
  "a byte behind gzip": [concat([gzip, Uint8Array.of(0, 1)]), TRAILING],
  "text behind zstd": [concat([whole, Uint8Array.of(1, 2, 3, 4)]), TRAILING],
  "a magic of 17 behind zstd": [concat([whole, littleEndian(0x184d2a60, 4), new Uint8Array(4)]), TRAILING],
  "part of a magic behind zstd": [concat([whole, MAGIC.subarray(0, 3)]), EARLY],
  "a frame without data that is cut": [concat([whole, skippable(3, 300_000).subarray(0, -1)]), EARLY],
  "a reserved kind of block": [frame([block(3, 1, new Uint8Array(1), true)], 1), NO_BLOCK],
  "a block that is too long": [
    frame([block(0, 2 ** 17 + 1, new Uint8Array(2 ** 17 + 1), true)], 2 ** 17 + 1),
    NO_BLOCK,
  ],
  "a run that is too long": [frame([zeros(2 ** 17 + 1), BLOCKS.at(-1)!], 1), NO_BLOCK],
  "a wrong checksum": [flipped(GOOD["made by zstd"]!, -1), DAMAGED],
  "a wrong checksum of gzip": [flipped(gzip, -5), DAMAGED],
  "a wrong length of gzip": [flipped(gzip, -1), DAMAGED],
  "a window that is too long": [
    frame(BLOCKS, CONTENT.length, { window: 17 << 3 | 1 }),
    [102, "it needs 150994944 bytes of memory, at most 134217728 are allowed"],
  ],
  "the longest window of all": [
    frame(BLOCKS, CONTENT.length, { window: 255 }),
    [102, `it needs ${2 ** 41 * (1 + 7 / 8)} bytes of memory, at most 134217728 are allowed`],
  ],
  "a single segment that is too long": [
    frame(BLOCKS, 2 ** 27 + 1),
    [102, "it needs 134217729 bytes of memory, at most 134217728 are allowed"],
  ],
  "a long single segment with a dictionary": [
    frame(BLOCKS, 2 ** 40, { sizeFlag: 3, idFlag: 3 }),
    [102, "it needs 1099511627776 bytes of memory, at most 134217728 are allowed"],
  ],
};

const info = (folder: string, bytes: Uint8Array, length: number) => {
  return run(folder, ["info"], { stdin: chunks(bytes, length) });
};

test("reads each kind of frame, however it arrives", async (folder) => {
  for (const [name, bytes] of Object.entries(GOOD)) {
    for (const length of [bytes.length, 61, ...bytes.length < 5000 ? [1] : []]) {
      const { code, out, err } = await info(folder, bytes, length);
      assert.deepEqual([code, err], [0, ""], `${name}, in chunks of ${length}`);
      const compression = name.includes("gzip") ? "gzip" : "zstd";
      const compressed = `compressed +${bytes.length} bytes \\([\\d.]+ %\\), with ${compression}`;
      assert.match(out, new RegExp(`\nlength +${CONTENT.length} bytes\n${compressed}\n`), name);
      assert.match(out, /\nliteral +200018 bytes \(100\.0 %\) in 1 command\n/, name);
    }
  }
});

test("says what is wrong with a frame", async (folder) => {
  for (const [name, [bytes, [code, why]]] of Object.entries(BAD)) {
    for (const length of [bytes.length, 10_000, 61]) {
      const seen = await info(folder, bytes, length);
      assert.equal(seen.code, code, `${name}: ${seen.err}`);
      assert.equal(seen.out, "", name);
      assert.ok(/^rsync-streams: cannot decompress the standard input with (zstd|gzip): /.test(seen.err), seen.err);
      assert.ok(seen.err.includes(`: ${why}`), `${name}: ${seen.err}`);
    }
  }
});

test("says of each part of a frame that it ends too early", async (folder) => {
  for (const bytes of [zstd, gzip, concat([zstd, skippable(2, 9)])]) {
    for (let length = 4; length < Math.min(bytes.length, 90); length++) {
      // Without the frame behind it, it is a whole one.
      if (bytes !== zstd && length === zstd.length) continue;
      const { code, err } = await info(folder, bytes.subarray(0, length), 7);
      assert.equal(code, 103, `${length} of ${bytes.length}: ${err}`);
      assert.match(err, /: it ends too early\n$/);
    }
  }
});
