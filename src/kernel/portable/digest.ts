import type { Digest } from "../interface.ts";
import type { StrongHash } from "./sums.ts";

/** A digest of a whole file. */
export class PortableDigest implements Digest {
  readonly #hash: StrongHash;

  constructor(hash: StrongHash) {
    hash.reset();
    this.#hash = hash;
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes, bytes.length);
  }

  digest(): Uint8Array<ArrayBuffer> {
    return this.#hash.digest().slice();
  }
}
