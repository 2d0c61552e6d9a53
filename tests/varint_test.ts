/** Numbers of deltas in the rsync-streams format: one to eight bytes, in one chunk or cut anywhere. */
import assert from "node:assert/strict";
import { decodeDeltaStream, type DeltaCommand, encodeDeltaStream, type RsyncError } from "rsync-streams";
import { concat } from "./_recipes.ts";
import { type Chunking, source, toBytes } from "./_helpers.ts";

const HEADER = [0x92, 0x52, 0x53, 0x44, 1, 0, 0, 0];
const CHUNKINGS: readonly Chunking[] = ["whole", 1, 2, 3, 5, 7];

async function decode(bytes: Uint8Array, chunking: Chunking): Promise<DeltaCommand[]> {
  const commands: DeltaCommand[] = [];
  for await (const command of source(bytes, chunking).pipeThrough(decodeDeltaStream())) commands.push(command);
  return commands;
}

for (let bits = 0; bits < 51; bits++) {
  Deno.test(`numbers around 2^${bits} are read as they were written`, async () => {
    const values = [2 ** bits - 1, 2 ** bits, 2 ** bits + 1].filter((value) => value > 0);
    const commands = values.flatMap((value): DeltaCommand[] => [
      { copy: { offset: value, length: 1 } },
      { copy: { offset: 0, length: value } },
      { copy: { offset: 3, length: 1 } },
    ]);
    const bytes = await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
    for (const chunking of CHUNKINGS) {
      assert.deepEqual(await decode(bytes, chunking), commands, `in chunks ${chunking}`);
    }
  });
}

for (let length = 2; length <= 8; length++) {
  Deno.test(`a number of ${length} bytes whose last one is 0 is refused where it starts`, async () => {
    const number = [...Array(length - 1).fill(0x85), 0];
    // Of a length, and of the offset of a copy of one byte.
    for (const before of [[], [3]]) {
      // What follows, so that a number is not at the end of a chunk.
      const bytes = concat([HEADER, before, number, [1, 2, 3, 4]].map((part) => Uint8Array.from(part)));
      for (const chunking of CHUNKINGS) {
        await assert.rejects(decode(bytes, chunking), (error: RsyncError) => {
          assert.deepEqual([error.code, error.offset], ["unsupported", HEADER.length + before.length]);
          assert.match(error.message, /not in its shortest form/);
          return true;
        });
      }
    }
  });
}
