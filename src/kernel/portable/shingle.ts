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

/** Shingle hashes of a memory (format page, "The anchor"). */
export class Shingles {
  readonly #view: DataView;

  constructor(memory: Uint8Array) {
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  }

  /** The word at `at`. */
  word(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** Hash of the 32 bytes at `at`. */
  hash(at: number): number {
    const view = this.#view;
    return (
      Math.imul(view.getUint32(at, true), SHINGLE_FACTOR_A) +
      Math.imul(view.getUint32(at + 12, true), SHINGLE_FACTOR_B) +
      Math.imul(view.getUint32(at + 28, true), SHINGLE_FACTOR_C) - 1
    ) >>> 0;
  }

  /** The check of a window: first hash, xor last hash rotated by 16. 0 for a window too short for a shingle. */
  check(start: number, length: number): number {
    if (length < SHINGLE_LENGTH) return 0;
    const last = this.hash(start + length - SHINGLE_LENGTH);
    return (this.hash(start) ^ ((last << 16) | (last >>> 16))) >>> 0;
  }
}

/** Picks one shingle of each block: small, for a fast search, and seldom used, for short chains. */
export class AnchorPicker {
  readonly #uses = new Uint8Array(USE_TABLE_LENGTH);
  readonly #least = new Float64Array(4);
  readonly #at = new Float64Array(4);
  /** Hash of the anchor that {@linkcode AnchorPicker.pick} took. */
  hash = WORST_HASH;
  /** Its offset in the block. */
  offset = 0;

  /** Takes the anchor of the block at `start`. */
  pick(shingles: Shingles, start: number, length: number): void {
    this.hash = WORST_HASH;
    this.offset = 0;
    if (length < SHINGLE_LENGTH) return;
    this.#findLeast(shingles, start, length);
    const best = this.#choose();
    this.hash = this.#least[best]!;
    this.offset = this.#at[best]!;
    const slot = this.#slot(best);
    if (this.#uses[slot]! < MAX_USE) this.#uses[slot]!++;
  }

  /** The smallest hash in each class of offset modulo 4. */
  #findLeast(shingles: Shingles, start: number, length: number): void {
    const least = this.#least.fill(Infinity);
    const at = this.#at;
    for (let i = 0; i + SHINGLE_LENGTH <= length; i++) {
      const hash = shingles.hash(start + i);
      if (hash < least[i & 3]!) {
        least[i & 3] = hash;
        at[i & 3] = i;
      }
    }
  }

  #choose(): number {
    let best = 0;
    for (let i = 1; i < 4; i++) if (this.#isBetter(i, best)) best = i;
    return best;
  }

  #isBetter(a: number, b: number): boolean {
    const hashA = this.#least[a]!;
    const hashB = this.#least[b]!;
    if (hashA > ANCHOR_CAP || hashB > ANCHOR_CAP) return hashA < hashB;
    const useA = this.#uses[this.#slot(a)]! >> USE_SHIFT;
    const useB = this.#uses[this.#slot(b)]! >> USE_SHIFT;
    return useA !== useB ? useA < useB : hashA < hashB;
  }

  #slot(index: number): number {
    return this.#least[index]! & (USE_TABLE_LENGTH - 1);
  }
}
