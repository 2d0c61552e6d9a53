import type { Sha256 } from "./interface.ts";

/** What the implementations have in common. */
export interface Hash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** A hash that says no once it has ended, in the same way whatever runs it. */
export class SingleUse implements Sha256 {
  #hash: Hash | undefined;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  update(bytes: Uint8Array): void {
    this.#open().update(bytes);
  }

  digest(): Uint8Array<ArrayBuffer> {
    const hash = this.#open();
    this.release();
    // Node returns a Buffer.
    return new Uint8Array(hash.digest());
  }

  release(): void {
    this.#hash = undefined;
  }

  #open(): Hash {
    if (this.#hash) return this.#hash;
    throw new Error("Cannot use the digest: it has ended, one that is open was expected");
  }
}
