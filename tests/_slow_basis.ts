/** A basis whose reads end when a test says so. */
import { setImmediate } from "node:timers";
import type { PatchBasis } from "../src/engine/interface.ts";
import { xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export const AT_ONCE = 64;

export const last = (count: number) => count - 1;
/** Which of some reads ends next. */
export const ORDERS = {
  first: () => 0,
  last,
  random: (count: number) => xorshift(count + 1).below(Math.max(1, count)),
};

/** A basis whose reads wait until somebody lets them go. */
export class SlowBasis implements PatchBasis {
  readonly waiting: (() => void)[] = [];
  /** The most reads that waited at a time. */
  most = 0;
  /** Bytes that a read gives at most. */
  piece = Infinity;
  /** Where there are no bytes, and where a read fails. */
  gap = -1;
  fault = -1;

  constructor(readonly content: Bytes, readonly readsAtOnce: number | undefined = AT_ONCE) {}

  readInto(buffer: Bytes, offset: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => {
        if (offset === this.fault) return reject(new Error(`fault at ${offset}`));
        const end = offset === this.gap ? offset : offset + Math.min(this.piece, buffer.length);
        buffer.set(this.content.subarray(offset, end));
        resolve(end - offset);
      });
      this.most = Math.max(this.most, this.waiting.length);
    });
  }

  /** Ends one of the reads that wait. */
  let(pick: (count: number) => number): void {
    const [go] = this.waiting.splice(pick(this.waiting.length), 1);
    go?.();
  }

  /** Waits for something, and ends reads meanwhile, in an order that `pick` says. */
  async during<T>(waiting: Promise<T>, pick: (count: number) => number): Promise<T> {
    let isWaiting = true;
    const ended = () => isWaiting = false;
    for (waiting.then(ended, ended); isWaiting;) {
      this.let(pick);
      // A turn, where what is waited for may be one.
      await (this.waiting.length > 0 ? undefined : new Promise((resolve) => setImmediate(resolve)));
    }
    return await waiting;
  }
}
