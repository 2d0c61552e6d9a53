import { viewOf } from "../../common/bytes.ts";
import { IV, Message, mixRounds } from "./blake_rounds.ts";
import type { StrongHash } from "./sums.ts";

const STRIPE = 64;
const LEAVES = 8;
const DIGEST_LENGTH = 32;

/** RFC 7693, section 2.7: the message schedule of the ten rounds. */
// deno-fmt-ignore
const SIGMA = Uint8Array.of(
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
  11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
  7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
  9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
  2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
  12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
  13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
  6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
  10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
);

/** The words that a compression works on: all nodes share them. */
const V = new Int32Array(16);

/** One BLAKE2s node of the tree: a leaf or the root. The BLAKE2s of noble-hashes has no tree parameters. */
class Node {
  readonly #state = new Int32Array(8);
  readonly #message = new Message();
  readonly #offset: number;
  readonly #depth: number;
  readonly #isLast: boolean;
  #length = 0;

  /**
   * @param offset Node offset: the number of the leaf.
   * @param depth Node depth: 0 for a leaf, 1 for the root.
   * @param isLast Whether it is the last node of its depth.
   */
  constructor(offset: number, depth: number, isLast: boolean) {
    this.#offset = offset;
    this.#depth = depth;
    this.#isLast = isLast;
    this.reset();
  }

  reset(): void {
    const s = this.#state;
    s.set(IV);
    // Parameter block, RFC 7693 section 2.5: digest length, key length, fanout, depth | leaf length |
    // node offset | node depth and inner length.
    s[0]! ^= DIGEST_LENGTH | (LEAVES << 16) | (2 << 24);
    s[2]! ^= this.#offset;
    s[3]! ^= (this.#depth << 16) | (DIGEST_LENGTH << 24);
    this.#message.clear();
    this.#length = 0;
  }

  update(bytes: Uint8Array, start: number, end: number): void {
    while (start < end) {
      // A full one waits, because the last one is compressed with the finalization flag.
      if (this.#message.isFull) this.#compress(false);
      start = this.#message.take(bytes, start, end);
    }
  }

  digestInto(out: Uint8Array, offset: number): void {
    this.#compress(true);
    const view = viewOf(out.subarray(offset, offset + DIGEST_LENGTH));
    for (let i = 0; i < 8; i++) view.setInt32(4 * i, this.#state[i]!, true);
  }

  #compress(isFinal: boolean): void {
    this.#length += this.#message.filled;
    const s = this.#state;
    V.set(s);
    V.set(IV, 8);
    // The length has an upper word too. A block has 2^30 bytes at most.
    V[12]! ^= this.#length;
    if (isFinal) V[14] = ~V[14]!;
    if (isFinal && this.#isLast) V[15] = ~V[15]!;
    mixRounds(V, this.#message.words(), SIGMA);
    this.#message.clear();
    for (let i = 0; i < 8; i++) s[i]! ^= V[i]! ^ V[i + 8]!;
  }
}

/**
 * BLAKE2sp, unkeyed, 256 bits: eight BLAKE2s leaves, each over every eighth stripe of 64 bytes, and a root over
 * their digests (BLAKE2 paper, section 2.10). With SIMD the leaves run side by side.
 */
export class Blake2sp implements StrongHash {
  readonly length = DIGEST_LENGTH;
  readonly #leaves = Array.from({ length: LEAVES }, (_, i) => new Node(i, 0, i === LEAVES - 1));
  readonly #root = new Node(0, 1, true);
  readonly #digests = new Uint8Array(LEAVES * DIGEST_LENGTH);
  #leaf = 0;
  /** Bytes of the current stripe that its leaf has taken. */
  #inStripe = 0;

  reset(): void {
    for (const leaf of this.#leaves) leaf.reset();
    this.#leaf = 0;
    this.#inStripe = 0;
  }

  update(bytes: Uint8Array, length: number): void {
    for (let start = 0; start < length;) {
      const n = Math.min(STRIPE - this.#inStripe, length - start);
      this.#leaves[this.#leaf]!.update(bytes, start, start + n);
      start += n;
      this.#inStripe += n;
      if (this.#inStripe === STRIPE) {
        this.#inStripe = 0;
        this.#leaf = (this.#leaf + 1) % LEAVES;
      }
    }
  }

  digest(): Uint8Array {
    this.#leaves.forEach((leaf, i) => leaf.digestInto(this.#digests, i * DIGEST_LENGTH));
    this.#root.reset();
    this.#root.update(this.#digests, 0, this.#digests.length);
    const out = new Uint8Array(DIGEST_LENGTH);
    this.#root.digestInto(out, 0);
    return out;
  }
}
