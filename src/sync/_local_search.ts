import { giveWay } from "../common/give_way.ts";
import { Matcher } from "../engine/matcher.ts";
import type { PatchBasis } from "../engine/patcher.ts";
import { BUSY, DONE } from "../engine/stage.ts";
import type { SearchIndex } from "../kernel/interface.ts";

/** Bytes of the local file read at once. */
const READ_LENGTH = 2 ** 20;

/** Called with a block that was found: its number in the index, and where the local file has it. */
export type OnFound = (entry: number, offset: number, length: number) => void;

/** Searches all of a local file for the blocks of an index. */
export async function searchLocal(
  local: PatchBasis,
  index: SearchIndex,
  blockLength: number,
  onFound: OnFound,
  signal?: AbortSignal,
): Promise<void> {
  const searcher = index.searcher({ tail: "last", preferNext: true });
  const matcher = new Matcher({
    searcher,
    blockLength,
    sigCount: index.count,
    digest: undefined,
  });
  let at = 0;
  const take = async () => {
    for (let part = matcher.next(); part !== undefined && part !== DONE; part = matcher.next()) {
      if (part === BUSY) {
        await giveWay();
        signal?.throwIfAborted();
        continue;
      }
      if (part.type === "data") at += part.bytes.length;
      if (part.type !== "copy") continue;
      for (let done = 0; done < part.length; done += blockLength) {
        const length = Math.min(blockLength, part.length - done);
        onFound((part.offset + done) / blockLength, at + done, length);
      }
      at += part.length;
    }
  };
  try {
    await take();
    const buffer = new Uint8Array(READ_LENGTH);
    for (let offset = 0;;) {
      signal?.throwIfAborted();
      const count = await local.readInto(buffer, offset);
      if (count === 0) break;
      offset += count;
      matcher.write(buffer.subarray(0, count));
      await take();
      await giveWay();
    }
    matcher.end();
    await take();
  } finally {
    matcher.release();
  }
}
