import { checkReadCount } from "../basis/basis_source.ts";
import { checkFunction } from "../common/checks.ts";
import { giveWay } from "../common/give_way.ts";
import { BUSY, DONE, type Stage } from "../engine/stage.ts";
import type { ReadCallback } from "./types.ts";

/** Bytes asked for in one read. */
const READ_LENGTH = 64 * 1024;

/** Returns the next item, or undefined at the end. */
export type Pull<T> = () => Promise<T | undefined>;

/**
 * The chunks of a `read(buffer, length)`: views of one buffer, each valid until the next is asked for.
 *
 * @throws {TypeError} If it is not a function. The message calls it by its name.
 */
export function pullFromRead(read: ReadCallback, name = "read"): Pull<Uint8Array<ArrayBuffer>> {
  checkFunction(name, read);
  const buffer = new Uint8Array(READ_LENGTH);
  return async () => {
    const count = checkReadCount(await read(buffer, READ_LENGTH), READ_LENGTH);
    return count === 0 ? undefined : buffer.subarray(0, count);
  };
}

/**
 * Runs a stage from the first item of its input to the last of its output, and releases it, after a failure too. The
 * input is not asked again after its end. Work gives way to timers.
 */
export async function runStage<In, Out>(
  pull: Pull<In>,
  stage: Stage<In, Out>,
  take: (item: Out) => unknown,
): Promise<void> {
  try {
    for (;;) {
      const waiting = giveWay();
      if (waiting) await waiting;
      const item = await stage.next();
      if (item === DONE) return;
      if (item === BUSY) continue;
      if (item !== undefined) {
        await take(item);
        continue;
      }
      const input = await pull();
      if (input !== undefined) stage.write(input);
      else stage.end();
    }
  } finally {
    stage.release();
  }
}
