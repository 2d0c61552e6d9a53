import { viewOf } from "../../common/bytes.ts";
import { IV, Message, mixRounds } from "./blake_rounds.ts";
import type { StrongHash } from "./sums.ts";

const DIGEST_LENGTH = 32;
/** Words of a chaining value. */
const WORDS = 8;
const MESSAGES_IN_CHUNK = 16;

/** Flags of a compression, section 2.2 of the paper on BLAKE3. */
const CHUNK_START = 1;
const CHUNK_END = 2;
const PARENT = 4;
const ROOT = 8;
const KEYED_HASH = 16;

/** Section 2.2: which word of a round is which in the next one. */
const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const ROUNDS = 7;
const ORDER = orderOfRounds();

/** The words that a compression works on: all sums share them. */
const V = new Int32Array(16);

function orderOfRounds(): Uint8Array {
  const order = Array.from(PERMUTATION, (_, i) => i);
  for (let round = 1; round < ROUNDS; round++) {
    const last = order.slice(-PERMUTATION.length);
    order.push(...PERMUTATION.map((i) => last[i]!));
  }
  return Uint8Array.from(order);
}

/** Compresses `message` and the chaining value in `cv`, and puts the new one there. */
function compress(cv: Int32Array, message: Int32Array, counter: number, length: number, flags: number): void {
  V.set(cv);
  V.set(IV, WORDS);
  V[12] = counter;
  // The counter has an upper word too. A block has 2^20 chunks at most.
  V[13] = 0;
  V[14] = length;
  V[15] = flags;
  mixRounds(V, message, ORDER);
  for (let i = 0; i < WORDS; i++) cv[i] = V[i]! ^ V[i + WORDS]!;
}

/**
 * BLAKE3, 256 bits, plain or keyed: chunks of 1,024 bytes are the leaves of a binary tree (paper on BLAKE3, section 2).
 * That of noble-hashes is a fifth as fast, and an eighth for short blocks.
 */
export class Blake3 implements StrongHash {
  readonly length = DIGEST_LENGTH;
  readonly #key: Int32Array;
  readonly #mode: number;
  readonly #message = new Message();
  /** The chaining value of the chunk that is being summed. */
  readonly #chunk = new Int32Array(WORDS);
  #messages = 0;
  /** Chunks that are complete. */
  #chunks = 0;
  /** The complete subtrees that wait for one of their size at their right. Each is larger than the next. */
  readonly #subtrees: Int32Array[] = [];
  readonly #children = new Int32Array(2 * WORDS);
  readonly #sum = new Uint8Array(DIGEST_LENGTH);
  readonly #sumView = viewOf(this.#sum);

  /** @param key 32 bytes. Without it, the sum is plain. */
  constructor(key?: Uint8Array) {
    const view = key && viewOf(key);
    this.#key = view ? Int32Array.from(IV, (_, i) => view.getInt32(4 * i, true)) : IV;
    this.#mode = view ? KEYED_HASH : 0;
    this.reset();
  }

  reset(): void {
    this.#message.clear();
    this.#chunk.set(this.#key);
    this.#messages = 0;
    this.#chunks = 0;
    this.#subtrees.length = 0;
  }

  update(bytes: Uint8Array, length: number): void {
    for (let start = 0; start < length;) {
      // The last message of all has flags of its own, so each waits for what follows.
      if (this.#message.isFull) this.#endMessage();
      start = this.#message.take(bytes, start, length);
    }
  }

  /** The sum is valid until the next one. */
  digest(): Uint8Array {
    const root = this.#chunk;
    let left = this.#subtrees.length;
    this.#compressMessage(CHUNK_END | (left === 0 ? ROOT : 0));
    while (left-- > 0) this.#toParent(this.#subtrees[left]!, root, left === 0 ? ROOT : 0);
    for (let i = 0; i < WORDS; i++) this.#sumView.setInt32(4 * i, root[i]!, true);
    return this.#sum;
  }

  #endMessage(): void {
    if (this.#messages + 1 < MESSAGES_IN_CHUNK) {
      this.#compressMessage(0);
      this.#messages++;
    } else {
      this.#compressMessage(CHUNK_END);
      this.#endChunk();
    }
    this.#message.clear();
  }

  #compressMessage(flags: number): void {
    const start = this.#messages === 0 ? CHUNK_START : 0;
    compress(this.#chunk, this.#message.words(), this.#chunks, this.#message.filled, this.#mode | start | flags);
  }

  /** A chunk is a subtree, and so are two of one size that stand side by side. */
  #endChunk(): void {
    const subtree = this.#chunk.slice();
    this.#chunks++;
    for (let size = this.#chunks; size % 2 === 0; size /= 2) this.#toParent(this.#subtrees.pop()!, subtree, 0);
    this.#subtrees.push(subtree);
    this.#chunk.set(this.#key);
    this.#messages = 0;
  }

  /** Puts the chaining value of the parent in the place of that of its right child. */
  #toParent(left: Int32Array, right: Int32Array, flags: number): void {
    this.#children.set(left);
    this.#children.set(right, WORDS);
    right.set(this.#key);
    compress(right, this.#children, 0, 4 * this.#children.length, this.#mode | PARENT | flags);
  }
}
