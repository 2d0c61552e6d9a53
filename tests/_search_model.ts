/** What a search has to find, by a program as plain as can be: it sums each window anew, and keeps no tables. */
import { blake2b } from "@noble/hashes/blake2.js";
import type { KeptBlock, SearchOptions, SumBatch } from "../src/kernel/interface.ts";

/** A search. Strong sums are BLAKE2b, so that the model has them from elsewhere. */
export interface SearchCase {
  readonly weakSum: "rollsum" | "rabinkarp";
  readonly blockLength: number;
  readonly strongLength: number;
  readonly salt: Uint8Array | undefined;
  readonly records: readonly Block[];
  /** Length of the last block, if it is known. */
  readonly lastLength: number | undefined;
  readonly kept: KeptBlock;
  readonly options: SearchOptions;
  readonly target: Uint8Array;
}

export interface Block {
  readonly weak: number;
  readonly strong: Uint8Array;
}

export interface Found {
  /** Where each match starts, which block it is, and its length. */
  readonly matches: readonly (readonly [start: number, block: number, length: number])[];
  readonly falseAlarms: number;
  readonly goodAlarms: number;
}

const WEAK = {
  /** Bytes enlarged by 31, their sum, and the sum of the sums. */
  rollsum(bytes: Uint8Array): number {
    let [s1, s2] = [0, 0];
    for (const byte of bytes) s2 += s1 += byte + 31;
    return (s2 % 65_536) * 65_536 + s1 % 65_536;
  },
  /** A polynomial with the first coefficient 1. */
  rabinkarp(bytes: Uint8Array): number {
    let hash = 1;
    for (const byte of bytes) hash = Math.imul(hash, 0x08104225) + byte | 0;
    return hash >>> 0;
  },
};

/** The weak sum of a block, by its definition. */
export function weakSumOf(weakSum: SearchCase["weakSum"], bytes: Uint8Array): number {
  return WEAK[weakSum](bytes);
}

type Sums = Pick<SearchCase, "weakSum" | "strongLength" | "salt">;

function strongOf({ strongLength, salt }: Sums, bytes: Uint8Array): Uint8Array {
  return blake2b(bytes, { dkLen: 32, ...salt && { key: salt } }).slice(0, strongLength);
}

/** The sums of a block. */
export function blockOf(sums: Sums, bytes: Uint8Array): Block {
  return { weak: weakSumOf(sums.weakSum, bytes), strong: strongOf(sums, bytes) };
}

/** Records as a builder of an index takes them. */
export function batchOf(records: readonly Block[], strongLength: number): SumBatch {
  const strong = new Uint8Array(records.length * strongLength);
  records.forEach((record, k) => strong.set(record.strong, k * strongLength));
  return { count: records.length, weak: Uint32Array.from(records, ({ weak }) => weak), strong };
}

/**
 * The budget of false alarms: 1 MiB or eight blocks, and a byte for each of the target. A false alarm costs 64 bytes at
 * least.
 */
function createBudget(blockLength: number) {
  let spent = 0;
  let isResting = false;
  return {
    spend: (length: number) => void (spent += Math.max(64, length)),
    isUsedUp(at: number): boolean {
      const reserve = isResting ? 4 * Math.max(64, blockLength) : 0;
      isResting = spent + reserve > Math.max(2 ** 20, 8 * blockLength) + at;
      return isResting;
    },
  };
}

/** Where windows start that are shorter than a block, from `position` on. */
function tailStarts({ options: { tail }, records, target, ...known }: SearchCase, position: number): number[] {
  if (tail === "none" || records.length === 0) return [];
  if (tail === "any") return Array.from({ length: target.length - position }, (_, i) => position + i);
  const start = target.length - (known.lastLength ?? known.blockLength);
  return start >= position ? [start] : [];
}

/** What is to be found in the whole target. */
export function modelOf(search: SearchCase): Found {
  const { blockLength, records, kept, options, target } = search;
  const lastLength = search.lastLength ?? blockLength;
  const matches: [number, number, number][] = [];
  const known = new Set(records.map(({ weak }) => weak));
  const budget = createBudget(blockLength);
  let falseAlarms = 0;
  let literalStart = 0;
  let expected = -1;

  const hasLength = (k: number, length: number) => {
    return options.tail === "any" || length === (k === records.length - 1 ? lastLength : blockLength);
  };
  /** Tests a window, and returns its block or -1. */
  const test = (start: number, length: number): number => {
    const bytes = target.subarray(start, start + length);
    const weak = weakSumOf(search.weakSum, bytes);
    if (!known.has(weak)) return -1;
    const isNext = expected >= 0 && start === literalStart && records[expected]!.weak === weak;
    if (!isNext && budget.isUsedUp(start)) return -1;
    const strong = strongOf(search, bytes);
    const isEqual = (block: Block) => block.weak === weak && block.strong.every((byte, i) => byte === strong[i]);
    if (isNext && options.preferNext && hasLength(expected, length) && isEqual(records[expected]!)) return expected;
    const block = kept === "first" ? records.findIndex(isEqual) : records.findLastIndex(isEqual);
    if (block >= 0 && hasLength(block, length)) return block;
    falseAlarms++;
    budget.spend(length);
    return -1;
  };
  /** Returns where the search goes on. */
  const visit = (start: number, length: number): number => {
    const block = test(start, length);
    if (block < 0) return start + 1;
    matches.push([start, block, length]);
    literalStart = start + length;
    expected = block + 1 < records.length ? block + 1 : -1;
    return literalStart;
  };

  let position = 0;
  while (position + blockLength <= target.length) position = visit(position, blockLength);
  for (const start of tailStarts(search, position)) {
    visit(start, target.length - start);
    if (literalStart === target.length) break;
  }
  return { matches, falseAlarms, goodAlarms: matches.length };
}
