/** Pipes to be cut off in the middle of their work. */
import assert from "node:assert/strict";
import type { BasisSource, StreamPair } from "rsync-streams";
import { makeDelta, makeSigs } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { settle, turn } from "./_until.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

export type Pair = StreamPair<BufferSource, unknown, unknown>;

/** What a promise is rejected with; it has to be, and soon. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let timer;
  const late = new Promise((_, reject) => timer = setTimeout(() => reject(new Error("it took too long")), 5000));
  try {
    return await Promise.race([
      promise.then(() => assert.fail("it ended well"), (reason) => reason),
      late.catch(assert.fail),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

export const BASIS = randomBytes(1, 700_000);

export const TARGET = concat([randomBytes(2, 300_000), BASIS.subarray(100_000), randomBytes(3, 200_000)]);

export const QUICK = { strongSum: "blake3" } as const;

export const SIGS = await makeSigs(BASIS, QUICK);

export const DELTA = (await makeDelta(TARGET, SIGS)).bytes;

/** A basis that counts its reads; async, so that a read can be under way when all ends. */
export class CountingBasis implements BasisSource {
  reads = 0;
  readonly size = BASIS.length;

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.reads++;
    await turn();
    return BASIS.subarray(offset, offset + Math.min(length, 20_000));
  }
}

/** A source in chunks that never ends, and tells why it was cancelled. */
export function endless(bytes: Bytes) {
  let at = 0;
  let controller!: ReadableStreamDefaultController<Bytes>;
  const seen: { reason?: unknown; isCancelled: boolean } = { isCancelled: false };
  const readable = new ReadableStream<Bytes>({
    start: (one) => {
      controller = one;
    },
    async pull() {
      await turn();
      if (seen.isCancelled || at >= bytes.length) return;
      controller.enqueue(bytes.slice(at, at += 50_000));
    },
    cancel: (reason) => {
      seen.isCancelled = true;
      seen.reason = reason;
    },
  }, { highWaterMark: 0 });
  return { readable, seen, fail: (reason: unknown) => controller.error(reason) };
}

/** Checks that nothing is locked, and that the basis is not read any more. */
export async function assertReleased(pairs: Pair[], origin: ReadableStream, basis: CountingBasis): Promise<void> {
  await settle();
  const { reads } = basis;
  await settle();
  assert.equal(basis.reads, reads, "reads of the basis go on");
  assert.equal(origin.locked, false, "the source is locked");
  for (const [i, { readable, writable }] of pairs.entries()) {
    assert.equal(writable.locked, false, `writable ${i} is locked`);
    assert.equal(readable.locked, false, `readable ${i} is locked`);
  }
}

/** The reason that a readable ended with. */
export async function readableReason(readable: ReadableStream): Promise<unknown> {
  const reader = readable.getReader();
  try {
    return await rejection(reader.closed);
  } finally {
    reader.releaseLock();
  }
}

/** The reason that a writable ended with. */
export async function writableReason(writable: WritableStream): Promise<unknown> {
  const writer = writable.getWriter();
  try {
    return await rejection(writer.closed);
  } finally {
    writer.releaseLock();
  }
}

export const reason = new Error("the basis is gone");
