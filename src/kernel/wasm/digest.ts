import { checkDigestSum } from "../check_digest_sum.ts";
import type { Digest, StrongSum } from "../interface.ts";
import { STRONG_SUMS } from "../rules/sums.ts";
import type { InstancePool, KernelInstance } from "./instance.ts";

/** Bytes copied into the kernel's memory at a time: they stay in the cache. */
const PIECE_LENGTH = 256 * 1024;

/** A digest of a whole file. */
export class WasmDigest implements Digest {
  readonly #pool: InstancePool;
  readonly #instance: KernelInstance;
  readonly #length: number;
  readonly #state: number;
  readonly #piece: number;
  #isReleased = false;

  constructor(strongSum: StrongSum, pool: InstancePool) {
    const { kind, length } = STRONG_SUMS[checkDigestSum(strongSum)];
    this.#length = length;
    this.#pool = pool;
    this.#instance = pool.acquire();
    const { exports } = this.#instance;
    this.#state = this.#instance.allocate(exports.digest_state_size());
    this.#piece = this.#instance.allocate(PIECE_LENGTH);
    exports.digest_init(kind, this.#state);
  }

  update(bytes: Uint8Array): void {
    const { exports } = this.#instance;
    for (let at = 0; at < bytes.length; at += PIECE_LENGTH) {
      const piece = bytes.subarray(at, at + PIECE_LENGTH);
      this.#instance.bytes.set(piece, this.#piece);
      exports.digest_update(this.#state, this.#piece, piece.length);
    }
  }

  digest(): Uint8Array<ArrayBuffer> {
    this.#instance.exports.digest_final(this.#state, this.#piece);
    return this.#instance.bytes.slice(this.#piece, this.#piece + this.#length);
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#pool.release(this.#instance);
  }
}
