/** The two ends of the callback API in tests. */
import assert from "node:assert/strict";
import type { ReadCallback } from "rsync-streams/callbacks";
import type { Chunking } from "./_helpers.ts";
import { concat, xorshift } from "./_recipes.ts";
import { turn } from "./_until.ts";

/** Callbacks over bytes, with reads as short as `chunking` says. They notice reads that overlap or follow the end. */
export function callbacks(bytes: Uint8Array, chunking: Chunking, isAsync = false) {
  const random = typeof chunking === "object" ? xorshift(chunking.seed) : undefined;
  let at = 0;
  let isOver = false;
  let isBusy = false;
  const read: ReadCallback = (buffer, length) => {
    assert.ok(!isOver, "read after the end");
    assert.ok(!isBusy, "two reads at a time");
    assert.ok(length > 0 && length <= buffer.length);
    const most = random
      ? 1 + random.below((chunking as { most: number }).most)
      : chunking === "whole"
      ? length
      : chunking as number;
    const piece = bytes.subarray(at, at + Math.min(length, most));
    buffer.fill(0xaa);
    buffer.set(piece);
    at += piece.length;
    isOver = piece.length === 0;
    if (!isAsync) return piece.length;
    isBusy = true;
    return new Promise((resolve) =>
      setTimeout(() => {
        isBusy = false;
        resolve(piece.length);
      })
    );
  };
  const seek = (offset: number) => {
    at = offset;
    isOver = false;
  };
  return { read, seek };
}

/** A write callback, and the bytes that it took. */
export function collector() {
  const parts: Uint8Array[] = [];
  return {
    write: (buffer: Uint8Array, length: number) => {
      assert.equal(buffer.length, length);
      parts.push(buffer);
    },
    bytes: () => concat(parts),
  };
}

/** A read callback over bytes, whose calls are counted. */
export function countedReader(bytes: Uint8Array, isAsync: boolean, most = Infinity) {
  const counted = {
    calls: 0,
    at: 0,
    read(buffer: Uint8Array, length: number): number | Promise<number> {
      counted.calls++;
      const piece = bytes.subarray(counted.at, counted.at + Math.min(length, most));
      buffer.set(piece);
      counted.at += piece.length;
      return isAsync ? Promise.resolve(piece.length) : piece.length;
    },
  };
  return counted;
}

/** A write callback that waits until it is let go, and says when a second write begins meanwhile. */
export function slowWriter() {
  const state = {
    chunks: [] as Uint8Array[],
    running: 0,
    overlaps: 0,
    write: async (bytes: Uint8Array, length: number) => {
      if (++state.running > 1) state.overlaps++;
      assert.equal(bytes.length, length);
      state.chunks.push(bytes.slice());
      await turn();
      state.running--;
    },
  };
  return state;
}
