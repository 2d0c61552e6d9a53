/** What BLAKE2s and BLAKE3 have in common. */
import { copyBytes, viewOf } from "../../common/bytes.ts";

/** Bytes that are compressed at once. */
const LENGTH = 64;
const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** RFC 7693, section 2.6: the initialization vector of BLAKE2s. BLAKE3 has the same. */
export const IV = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

/** Gathers the 64 bytes that are compressed at once, and has them as sixteen words. */
export class Message {
  readonly #words = new Int32Array(LENGTH / 4);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  readonly #view = viewOf(this.#words);
  #filled = 0;

  /** Bytes that it has, of 64. */
  get filled(): number {
    return this.#filled;
  }

  get isFull(): boolean {
    return this.#filled === LENGTH;
  }

  /** Takes as many bytes from `start` to `end` as it has room for. Returns where the others start. */
  take(bytes: Uint8Array, start: number, end: number): number {
    const count = Math.min(LENGTH - this.#filled, end - start);
    copyBytes(bytes, start, this.#bytes, this.#filled, count);
    this.#filled += count;
    return start + count;
  }

  clear(): void {
    this.#filled = 0;
  }

  /** The words of its bytes, with zeros for those that it has not. */
  words(): Int32Array {
    this.#bytes.fill(0, this.#filled);
    if (!LITTLE_ENDIAN) {
      for (let i = 0; i < this.#words.length; i++) this.#words[i] = this.#view.getInt32(4 * i, true);
    }
    return this.#words;
  }
}

const rotr = (x: number, n: number) => (x >>> n) | (x << (32 - n));

/**
 * The rounds of RFC 7693, section 3.2, on the sixteen words of `v`.
 *
 * @param m The sixteen words of the message.
 * @param order Which of them are mixed in, sixteen for each round.
 */
export function mixRounds(v: Int32Array, m: Int32Array, order: Uint8Array): void {
  // Words in variables take half the time of words in `v`. Each pair of lines is the function G of section 3.1.
  let [v0, v1, v2, v3, v4, v5, v6, v7] = [v[0]!, v[1]!, v[2]!, v[3]!, v[4]!, v[5]!, v[6]!, v[7]!];
  let [v8, v9, va, vb, vc, vd, ve, vf] = [v[8]!, v[9]!, v[10]!, v[11]!, v[12]!, v[13]!, v[14]!, v[15]!];
  // deno-fmt-ignore
  for (let i = 0; i < order.length; i += 16) {
    // The columns.
    v0 = v0 + v4 + m[order[i]!]! | 0; vc = rotr(vc ^ v0, 16); v8 = v8 + vc | 0; v4 = rotr(v4 ^ v8, 12);
    v0 = v0 + v4 + m[order[i + 1]!]! | 0; vc = rotr(vc ^ v0, 8); v8 = v8 + vc | 0; v4 = rotr(v4 ^ v8, 7);
    v1 = v1 + v5 + m[order[i + 2]!]! | 0; vd = rotr(vd ^ v1, 16); v9 = v9 + vd | 0; v5 = rotr(v5 ^ v9, 12);
    v1 = v1 + v5 + m[order[i + 3]!]! | 0; vd = rotr(vd ^ v1, 8); v9 = v9 + vd | 0; v5 = rotr(v5 ^ v9, 7);
    v2 = v2 + v6 + m[order[i + 4]!]! | 0; ve = rotr(ve ^ v2, 16); va = va + ve | 0; v6 = rotr(v6 ^ va, 12);
    v2 = v2 + v6 + m[order[i + 5]!]! | 0; ve = rotr(ve ^ v2, 8); va = va + ve | 0; v6 = rotr(v6 ^ va, 7);
    v3 = v3 + v7 + m[order[i + 6]!]! | 0; vf = rotr(vf ^ v3, 16); vb = vb + vf | 0; v7 = rotr(v7 ^ vb, 12);
    v3 = v3 + v7 + m[order[i + 7]!]! | 0; vf = rotr(vf ^ v3, 8); vb = vb + vf | 0; v7 = rotr(v7 ^ vb, 7);
    // The diagonals.
    v0 = v0 + v5 + m[order[i + 8]!]! | 0; vf = rotr(vf ^ v0, 16); va = va + vf | 0; v5 = rotr(v5 ^ va, 12);
    v0 = v0 + v5 + m[order[i + 9]!]! | 0; vf = rotr(vf ^ v0, 8); va = va + vf | 0; v5 = rotr(v5 ^ va, 7);
    v1 = v1 + v6 + m[order[i + 10]!]! | 0; vc = rotr(vc ^ v1, 16); vb = vb + vc | 0; v6 = rotr(v6 ^ vb, 12);
    v1 = v1 + v6 + m[order[i + 11]!]! | 0; vc = rotr(vc ^ v1, 8); vb = vb + vc | 0; v6 = rotr(v6 ^ vb, 7);
    v2 = v2 + v7 + m[order[i + 12]!]! | 0; vd = rotr(vd ^ v2, 16); v8 = v8 + vd | 0; v7 = rotr(v7 ^ v8, 12);
    v2 = v2 + v7 + m[order[i + 13]!]! | 0; vd = rotr(vd ^ v2, 8); v8 = v8 + vd | 0; v7 = rotr(v7 ^ v8, 7);
    v3 = v3 + v4 + m[order[i + 14]!]! | 0; ve = rotr(ve ^ v3, 16); v9 = v9 + ve | 0; v4 = rotr(v4 ^ v9, 12);
    v3 = v3 + v4 + m[order[i + 15]!]! | 0; ve = rotr(ve ^ v3, 8); v9 = v9 + ve | 0; v4 = rotr(v4 ^ v9, 7);
  }
  v[0] = v0, v[1] = v1, v[2] = v2, v[3] = v3, v[4] = v4, v[5] = v5, v[6] = v6, v[7] = v7;
  v[8] = v8, v[9] = v9, v[10] = va, v[11] = vb, v[12] = vc, v[13] = vd, v[14] = ve, v[15] = vf;
}
