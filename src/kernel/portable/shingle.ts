import { HASH_CAP, SHINGLE_LENGTH, USE_TABLE_LENGTH, WORST_HASH } from "../anchor.ts";

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
      Math.imul(view.getUint32(at, true), 0x9e3779b1) +
      Math.imul(view.getUint32(at + 12, true), 0x85ebca75) +
      Math.imul(view.getUint32(at + 28, true), 0xdbdcbbda) - 1
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
    if (this.#uses[slot]! < 255) this.#uses[slot]!++;
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
    if (hashA > HASH_CAP || hashB > HASH_CAP) return hashA < hashB;
    const useA = this.#uses[this.#slot(a)]! >> 2;
    const useB = this.#uses[this.#slot(b)]! >> 2;
    return useA !== useB ? useA < useB : hashA < hashB;
  }

  #slot(index: number): number {
    return this.#least[index]! & (USE_TABLE_LENGTH - 1);
  }
}
