import { blake2b } from "@noble/hashes/blake2.js";
import { blake3 } from "@noble/hashes/blake3.js";
import type { StrongHash } from "./sums.ts";

/** The part of noble-hashes' objects that is used here. */
interface NobleHash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** A strong sum by a hash of noble-hashes. */
class NobleSum implements StrongHash {
  readonly length = 32;
  readonly #create: () => NobleHash;
  #hash: NobleHash;

  constructor(create: () => NobleHash) {
    this.#create = create;
    this.#hash = create();
  }

  reset(): void {
    this.#hash = this.#create();
  }

  update(bytes: Uint8Array, length: number): void {
    this.#hash.update(bytes.subarray(0, length));
  }

  digest(): Uint8Array {
    return this.#hash.digest();
  }
}

/** BLAKE2b with a digest length of 32 bytes (RFC 7693). Shorter sums are its first bytes. */
export function blake2b256(): StrongHash {
  return new NobleSum(() => blake2b.create({ dkLen: 32 }));
}

/** BLAKE3, unkeyed, 256 bits. */
export function blake3Sum(): StrongHash {
  return new NobleSum(() => blake3.create());
}
