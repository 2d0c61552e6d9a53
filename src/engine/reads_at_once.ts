import type { RsyncError } from "../common/rsync_error.ts";
import type { PatchBasis } from "./interface.ts";

/** Reads of a basis that are under way at the same time, as many as it may be asked for at once. */
export class ReadsAtOnce {
  readonly #basis: PatchBasis;
  /** Those that have not been waited for, in the order of their start. */
  readonly #reads: Promise<void>[] = [];

  constructor(basis: PatchBasis) {
    this.#basis = basis;
  }

  get length(): number {
    return this.#reads.length;
  }

  /**
   * Goes on with a read until its buffer is full.
   *
   * @param offset Where the first byte of the buffer is in the basis.
   * @param first What the basis answered when it was asked for all of it.
   * @param shortRead Makes the error if the basis ends after so many bytes of the buffer.
   * @returns A promise to wait for before another read is started, if there are enough of them.
   */
  add(
    buffer: Uint8Array<ArrayBuffer>,
    offset: number,
    first: number | Promise<number>,
    shortRead: (at: number) => RsyncError,
  ): Promise<void> | undefined {
    if (first === buffer.length) return undefined;
    const reading = this.#fill(buffer, offset, first, shortRead);
    // A failure is reported when it is waited for. If it never is, it must not be an unhandled rejection.
    reading.catch(() => {});
    const count = this.#reads.push(reading);
    return count < (this.#basis.readsAtOnce ?? 1) ? undefined : this.settle();
  }

  /** Waits for all of them. Fails as the first of them does that fails. */
  async settle(): Promise<void> {
    for (const reading of this.#reads.splice(0)) await reading;
  }

  async #fill(
    buffer: Uint8Array<ArrayBuffer>,
    offset: number,
    first: number | Promise<number>,
    shortRead: (at: number) => RsyncError,
  ): Promise<void> {
    for (let at = 0; at < buffer.length;) {
      const count = await (at === 0 ? first : this.#basis.readInto(buffer.subarray(at), offset + at));
      if (count === 0) throw shortRead(at);
      at += count;
    }
  }
}
