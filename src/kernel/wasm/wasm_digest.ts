import type { Digest, StrongSum } from "../interface.ts";
import { STRONG_SUMS } from "../rules/sums.ts";
import type { InstancePool, KernelInstance } from "./instance.ts";

/** Bytes copied into the kernel's memory at a time: they stay in the cache. */
const PIECE = 256 * 1024;
const DIGEST_LENGTH = 32;

/** A digest of a whole file. */
export class WasmDigest implements Digest {
  readonly #pool: InstancePool;
  readonly #instance: KernelInstance;
  readonly #state: number;
  readonly #piece: number;
  #isReleased = false;

  constructor(strongSum: StrongSum, pool: InstancePool) {
    this.#pool = pool;
    this.#instance = pool.acquire();
    const { exports } = this.#instance;
    this.#state = this.#instance.allocate(exports.digest_state_size());
    this.#piece = this.#instance.allocate(PIECE);
    exports.digest_init(STRONG_SUMS[strongSum].kind, this.#state);
  }

  update(bytes: Uint8Array): void {
    const { exports } = this.#instance;
    for (let at = 0; at < bytes.length; at += PIECE) {
      const piece = bytes.subarray(at, at + PIECE);
      this.#instance.bytes.set(piece, this.#piece);
      exports.digest_update(this.#state, this.#piece, piece.length);
    }
  }

  digest(): Uint8Array<ArrayBuffer> {
    this.#instance.exports.digest_final(this.#state, this.#piece);
    return this.#instance.bytes.slice(this.#piece, this.#piece + DIGEST_LENGTH);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#pool.release(this.#instance);
  }
}
