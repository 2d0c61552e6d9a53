import { viewOf } from "../../common/bytes.ts";
import {
  ANCHOR_CAP,
  MAX_USE,
  SHINGLE_FACTOR_A,
  SHINGLE_FACTOR_B,
  SHINGLE_FACTOR_C,
  SHINGLE_LENGTH,
  USE_SHIFT,
  USE_TABLE_LENGTH,
  WORST_HASH,
} from "../rules/anchor.ts";

// Copies, because V8 reads an import anew in each turn of a loop: that halved the speed of a search.
const FACTOR_A = SHINGLE_FACTOR_A;
const FACTOR_B = SHINGLE_FACTOR_B;
const FACTOR_C = SHINGLE_FACTOR_C;

/** Shingle hashes of a memory (docs/formats/rsync-streams.md, "The anchor"). */
export class Shingles {
  readonly #view: DataView;

  constructor(memory: Uint8Array) {
    this.#view = viewOf(memory);
  }

  /** The little-endian word at `at`. */
  word(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** Hash of the shingle at `at`. */
  hash(at: number): number {
    const view = this.#view;
    return (
      Math.imul(view.getUint32(at, true), FACTOR_A) +
      Math.imul(view.getUint32(at + 12, true), FACTOR_B) +
      Math.imul(view.getUint32(at + 28, true), FACTOR_C) - 1
    ) >>> 0;
  }

  /** Check of a window: the hash of its first shingle xor that of its last, rotated by 16; 0 if it is too short. */
  check(start: number, length: number): number {
    if (length < SHINGLE_LENGTH) return 0;
    const last = this.hash(start + length - SHINGLE_LENGTH);
    return (this.hash(start) ^ ((last << 16) | (last >>> 16))) >>> 0;
  }
}

/**
 * Picks an anchor for each block: a shingle with a small hash, for a fast search, that few blocks before have used, for
 * short chains.
 */
export class AnchorPicker {
  readonly #uses = new Uint8Array(USE_TABLE_LENGTH);
  readonly #smallest = new Float64Array(4);
  readonly #at = new Float64Array(4);
  /** Hash of the anchor picked last. */
  hash = WORST_HASH;
  /** Its offset in the block. */
  offset = 0;

  /** Picks the anchor of the block at `start`, into `hash` and `offset`, and counts its use. */
  pick(shingles: Shingles, start: number, length: number): void {
    this.hash = WORST_HASH;
    this.offset = 0;
    if (length < SHINGLE_LENGTH) return;
    this.#findSmallest(shingles, start, length);
    const best = this.#choose();
    this.hash = this.#smallest[best]!;
    this.offset = this.#at[best]!;
    const slot = this.#slot(best);
    if (this.#uses[slot]! < MAX_USE) this.#uses[slot]!++;
  }

  /** Finds the smallest hash in each class of offset modulo 4. */
  #findSmallest(shingles: Shingles, start: number, length: number): void {
    const smallest = this.#smallest.fill(Infinity);
    const at = this.#at;
    for (let i = 0; i + SHINGLE_LENGTH <= length; i++) {
      const hash = shingles.hash(start + i);
      if (hash < smallest[i & 3]!) {
        smallest[i & 3] = hash;
        at[i & 3] = i;
      }
    }
  }

  /** The class whose smallest hash is the best anchor. */
  #choose(): number {
    let best = 0;
    for (let i = 1; i < 4; i++) if (this.#isBetter(i, best)) best = i;
    return best;
  }

  #isBetter(a: number, b: number): boolean {
    const hashA = this.#smallest[a]!;
    const hashB = this.#smallest[b]!;
    if (hashA > ANCHOR_CAP || hashB > ANCHOR_CAP) return hashA < hashB;
    const useA = this.#uses[this.#slot(a)]! >> USE_SHIFT;
    const useB = this.#uses[this.#slot(b)]! >> USE_SHIFT;
    return useA !== useB ? useA < useB : hashA < hashB;
  }

  #slot(index: number): number {
    return this.#smallest[index]! & (USE_TABLE_LENGTH - 1);
  }
}
