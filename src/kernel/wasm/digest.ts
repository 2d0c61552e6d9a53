import type { StrongSum } from "../interface.ts";
import { STRONG_SUMS } from "../rules/sums.ts";
import { type KernelInstance, PIECE_LENGTH } from "./instance.ts";
import type { Guest } from "./place.ts";

/** A strong sum that takes its bytes in pieces. Its state is in the kernel's memory until another one works. */
export class WasmDigest implements Guest {
  readonly #instance: KernelInstance;
  readonly #strongSum: StrongSum;
  readonly #salt: Uint8Array | undefined;
  #state: Uint8Array<ArrayBuffer> | undefined;

  constructor(strongSum: StrongSum, instance: KernelInstance, salt: Uint8Array | undefined) {
    this.#strongSum = strongSum;
    this.#salt = salt;
    this.#instance = instance;
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

  /** The sum of all bytes since the reset, which has to come before the next ones. */
  digest(): Uint8Array<ArrayBuffer> {
    const state = this.#enter();
    const { exports, strongAt } = this.#instance;
    exports.digest_final(state, strongAt);
    return this.#instance.bytes.slice(strongAt, strongAt + STRONG_SUMS[this.#strongSum].length);
  }

  leave(): void {
    const { address, length } = this.#instance.digest;
    this.#state = this.#instance.bytes.slice(address, address + length);
  }

  /** Brings the state into the memory, and returns its address. */
  #enter(): number {
    const { digest, bytes, exports } = this.#instance;
    const key = this.#instance.keyOf(this.#strongSum, this.#salt);
    if (digest.take(this)) {
      if (this.#state) bytes.set(this.#state, digest.address);
      else exports.digest_init(STRONG_SUMS[this.#strongSum].kind, key, digest.address);
    }
    return digest.address;
  }
}
