import { checkDigestSum } from "../check_digest_sum.ts";
import type { Digest, StrongSum } from "../interface.ts";
import { STRONG_SUMS } from "../rules/sums.ts";
import { type KernelInstance, PIECE_LENGTH } from "./instance.ts";
import type { Guest } from "./place.ts";

/** A digest of a whole file, or of a long block. Its state is in the kernel's memory until another digest works. */
export class WasmDigest implements Digest, Guest {
  readonly #instance: KernelInstance;
  readonly #kind: number;
  readonly #length: number;
  #state: Uint8Array<ArrayBuffer> | undefined;

  constructor(strongSum: StrongSum, instance: KernelInstance) {
    const { kind, length } = STRONG_SUMS[checkDigestSum(strongSum)];
    this.#instance = instance;
    this.#kind = kind;
    this.#length = length;
  }

  /** Starts over. */
  reset(): void {
    this.#instance.digest.free(this);
    this.#state = undefined;
  }

  update(bytes: Uint8Array): void {
    const state = this.#enter();
    const { exports, bytesAt, bytes: memory } = this.#instance;
    for (let at = 0; at < bytes.length; at += PIECE_LENGTH) {
      const piece = bytes.subarray(at, at + PIECE_LENGTH);
      memory.set(piece, bytesAt);
      exports.digest_update(state, bytesAt, piece.length);
    }
  }

  digest(): Uint8Array<ArrayBuffer> {
    const state = this.#enter();
    const { exports, strongAt } = this.#instance;
    exports.digest_final(state, strongAt);
    this.reset();
    return this.#instance.bytes.slice(strongAt, strongAt + this.#length);
  }

  leave(): void {
    const { address, length } = this.#instance.digest;
    this.#state = this.#instance.bytes.slice(address, address + length);
  }

  /** Brings the state into the memory, and returns its address. */
  #enter(): number {
    const { digest, bytes, exports } = this.#instance;
    if (digest.take(this)) {
      if (this.#state) bytes.set(this.#state, digest.address);
      else exports.digest_init(this.#kind, digest.address);
    }
    return digest.address;
  }
}
