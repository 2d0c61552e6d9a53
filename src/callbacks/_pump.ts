import { checkReadCount } from "../basis/basis_source.ts";
import { giveWay } from "../common/give_way.ts";
import { BUSY, DONE, type Stage } from "../engine/stage.ts";
import type { ReadCallback } from "./types.ts";

/** Bytes asked for in one read. */
const READ_LENGTH = 64 * 1024;

/** Returns the next item, or undefined at the end. */
export type Pull<T> = () => Promise<T | undefined>;

/** The chunks of a `read(buffer, length)`: views of one buffer, each valid until the next is asked for. */
export function pullFromRead(read: ReadCallback): Pull<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(READ_LENGTH);
  return async () => {
    const count = checkReadCount(await read(buffer, READ_LENGTH), READ_LENGTH);
    return count === 0 ? undefined : buffer.subarray(0, count);
  };
}

/** Puts a stage behind a source of items, which is not asked again after its end. Work gives way to timers. */
export function pullThrough<In, Out>(pull: Pull<In>, stage: Stage<In, Out>): Pull<Out> {
  return async () => {
    for (;;) {
      const waiting = giveWay();
      if (waiting) await waiting;
      const item = await stage.next();
      if (item === BUSY) continue;
      if (item === DONE) return undefined;
      if (item !== undefined) return item;
      const input = await pull();
      if (input !== undefined) stage.write(input);
      else stage.end();
    }
  };
}

/** Takes all items of a source, then releases the stages that made them, after a failure too. */
export async function drain<T>(
  pull: Pull<T>,
  take: (item: T) => unknown,
  stages: readonly { release(): void }[],
): Promise<void> {
  try {
    for (let item = await pull(); item !== undefined; item = await pull()) await take(item);
  } finally {
    for (const stage of stages) stage.release();
  }
}
