/** Pairs of files that have much in common, each made from a seed and its number. */
import { concat, make, randomBytes, xorshift } from "../_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Two versions of a file. */
export interface FilePair {
  basis: Bytes;
  target: Bytes;
}

/** Numbers that look random. */
export type Random = ReturnType<typeof xorshift>;

const MAX_PIECES = 24;
const MAX_PIECE_LENGTH = 900;

/** Random numbers that are another sequence for each seed, number and use. */
export function randomOf(seed: number, number: number, use: number): Random {
  const mixed = Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b) ^ Math.imul(use + 1, 0xc2b2ae35);
  const random = xorshift(mixed || 1);
  for (let i = 0; i < 4; i++) random.next();
  return random;
}

/** The pair of a number: edits of one file, or two files of the same pieces. */
export function pairOf(seed: number, number: number): FilePair {
  const random = randomOf(seed, number, 0);
  const pool: Bytes[] = [];
  while (pool.length < 8) pool.push(piece(random, pool));
  const basis = file(random, pool);
  const kinds = [
    () => file(random, pool),
    () => file(random, pool),
    () => edited(random, basis, pool),
    () => edited(random, basis, pool),
    () => scattered(random, basis),
    () => scattered(random, basis),
    () => basis,
    () => basis.slice(0, random.below(basis.length + 1)),
    () => basis.slice(random.below(basis.length + 1)),
    () => randomBytes(random.next() | 1, random.below(5000)),
    () => new Uint8Array(0),
    () => concat([basis, basis]),
  ];
  return { basis, target: pick(random, kinds)() };
}

/** One of them. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!;
}

/** Random data, text, one byte, a period, equal blocks, or a part of another piece. */
function piece(random: Random, pool: readonly Bytes[]): Bytes {
  const length = 1 + random.below(MAX_PIECE_LENGTH);
  const other = pool[random.below(8)] ?? Uint8Array.of(7);
  const start = random.below(other.length);
  const kinds = [
    () => randomBytes(random.next() | 1, length),
    () => make({ gen: "text", seed: random.next() | 1, len: length }),
    () => new Uint8Array(2 * length).fill(pick(random, [0, 0, 255, 32])),
    () => make({ gen: "periodic", seed: random.next() | 1, period: 1 + random.below(130), len: 2 * length }),
    () => make({ gen: "alpha", seed: random.next() | 1, symbols: 2 + random.below(3), len: length }),
    () => concat(Array.from({ length: 8 }, () => other.subarray(0, 1 + length % 130))),
    () => other.slice(start, start + length),
  ];
  return pick(random, kinds)();
}

/** A file of pieces, which may come more than once. */
function file(random: Random, pool: Bytes[]): Bytes {
  const count = random.below(MAX_PIECES);
  return concat(
    Array.from({ length: count }, () => random.below(3) > 0 ? pool[random.below(pool.length)]! : piece(random, pool)),
  );
}

/** A file with some bytes put in, left out, changed or moved. */
function edited(random: Random, basis: Bytes, pool: readonly Bytes[]): Bytes {
  let bytes = basis;
  for (let edits = random.below(6); edits > 0; edits--) {
    const at = random.below(bytes.length + 1);
    const end = Math.min(bytes.length, at + random.below(500));
    const [before, part, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
    const to = random.below(before.length + 1);
    const kinds = [
      () => concat([before, pick(random, pool), part, after]),
      () => concat([before, randomBytes(random.next() | 1, 1 + random.below(3)), part, after]),
      () => concat([before, after]),
      () => concat([before, part.map((byte) => byte ^ 1), after]),
      () => concat([before.subarray(0, to), part, before.subarray(to), after]),
    ];
    bytes = pick(random, kinds)();
  }
  return bytes;
}

/** A file with single bytes changed all over. */
function scattered(random: Random, basis: Bytes): Bytes {
  const bytes = basis.slice();
  for (let edits = bytes.length > 0 ? random.below(60) : 0; edits > 0; edits--) {
    bytes[random.below(bytes.length)]! ^= 1 + random.below(255);
  }
  return bytes;
}
