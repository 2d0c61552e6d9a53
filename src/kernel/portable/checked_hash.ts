import { isBytes, kindOf } from "../../common/bytes.ts";
import type { StrongHash } from "./sums.ts";

/** A strong sum of the caller's own, whose digests are checked: a string would be taken for zeros. */
export class CheckedHash implements StrongHash {
  readonly length: number;
  readonly #hash: StrongHash;

  /** @param length Bytes of each digest that are used. */
  constructor(hash: StrongHash, length: number) {
    this.#hash = hash;
    this.length = length;
  }

  reset(): void {
    this.#hash.reset();
  }

  update(bytes: Uint8Array, length: number): void {
    this.#hash.update(bytes, length);
  }

  digest(): Uint8Array {
    const digest: unknown = this.#hash.digest();
    if (isBytes(digest) && digest.length >= this.length) return digest;
    const seen = isBytes(digest) ? `${digest.length} bytes` : kindOf(digest);
    throw new TypeError(
      `Cannot use strongSum: its digest() returned ${seen}, a Uint8Array of ${this.length} bytes was expected`,
    );
  }
}
