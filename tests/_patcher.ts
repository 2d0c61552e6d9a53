/** Commands and bases for tests of patches. */
import assert from "node:assert/strict";
import { type DeltaCommand, encodeDeltaStream } from "rsync-streams";
import type { DeltaEvent } from "../src/engine/interface.ts";
import type { PatchBasis } from "../src/engine/interface.ts";
import { toBytes } from "./_helpers.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Commands and reads of the basis that a patch carries out before others can work. */
export const MOST_STEPS = 16_384;

export async function encode(commands: DeltaCommand[]): Promise<Bytes> {
  return await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
}

/** Reads at once, and counts. */
export function basisOf(bytes: Bytes, most = Infinity): PatchBasis & { reads: number } {
  return {
    reads: 0,
    size: bytes.length,
    readInto(buffer, offset) {
      this.reads++;
      const piece = bytes.subarray(offset, offset + Math.min(most, buffer.length));
      buffer.set(piece);
      return piece.length;
    },
  };
}

export const NO_DIGEST = () => assert.fail("a digest is made");

export const copy = (offset: number, length: number): DeltaEvent => ({ type: "copy", offset, length });
export const END: DeltaEvent = { type: "end", targetLength: undefined, digest: undefined };
