import { blake2b } from "@noble/hashes/blake2.js";
import { blake3 } from "@noble/hashes/blake3.js";
import type { Hash } from "@noble/hashes/utils.js";
import type { StrongHash } from "./sums.ts";

const LENGTH = 32;

/** A strong sum by a hash of noble-hashes. */
class NobleSum<T extends Hash<T>> implements StrongHash {
  readonly length = LENGTH;
  /** Has its key, and no bytes yet. To copy it takes a fifth of the time of making one. */
  readonly #fresh: T;
  readonly #hash: T;
  readonly #sum = new Uint8Array(LENGTH);

  constructor(fresh: T) {
    this.#fresh = fresh;
    this.#hash = fresh.clone();
  }

  reset(): void {
    this.#fresh._cloneInto(this.#hash);
  }

  update(bytes: Uint8Array, length: number): void {
    this.#hash.update(bytes.length === length ? bytes : bytes.subarray(0, length));
  }

  /** The sum is valid until the next one. */
  digest(): Uint8Array {
    this.#hash.digestInto(this.#sum);
    return this.#sum;
  }
}

/** BLAKE2b with a digest length of 32 bytes (RFC 7693). Shorter sums are its first bytes. A salt is its key. */
export function blake2b256(salt?: Uint8Array): StrongHash {
  return new NobleSum(blake2b.create(salt ? { dkLen: LENGTH, key: salt } : { dkLen: LENGTH }));
}

/** BLAKE3, 256 bits. Its key is a salt and zeros, if there is a salt. */
export function blake3Sum(salt?: Uint8Array): StrongHash {
  if (!salt) return new NobleSum(blake3.create());
  const key = new Uint8Array(32);
  key.set(salt);
  return new NobleSum(blake3.create({ key }));
}
