/** Chunks whose bytes are taken away before the stream has read them. */
import { deltaStream, loadSigs, sigStream } from "rsync-streams";
import { randomBytes } from "../../_recipes.ts";
import { sourceOf, toBytes } from "./streams.js";

/** Writes two chunks without waiting, takes the bytes of one away, and expects an error. */
async function losesBytes(pair, chunks, which) {
  const writer = pair.writable.getWriter();
  // Not by a Response, which in Chromium hides the error of its stream.
  const result = toBytes(pair.readable).then(() => "no error", (error) => error);
  const writes = chunks.map((chunk) => writer.write(chunk));
  const closed = writer.close();
  for (const promise of [...writes, closed]) promise.catch(() => {});
  structuredClone(chunks[which].buffer, { transfer: [chunks[which].buffer] });
  const error = await result;
  if (!(error instanceof TypeError) || !/transferred|detached/.test(error.message)) {
    throw new Error(`a chunk was transferred while it waited: ${error}`);
  }
}

export const LOST_BYTES = {
  "sigStream(): the chunk being worked on": (streams) =>
    losesBytes(streams.check(sigStream()), [randomBytes(1, 3_000_000), randomBytes(2, 50_000)], 0),
  "sigStream(): a chunk that waits": (streams) =>
    losesBytes(streams.check(sigStream()), [randomBytes(1, 50_000), randomBytes(2, 50_000)], 1),
  "deltaStream(): a chunk that waits": async (streams) => {
    const sigs = await loadSigs(sourceOf([randomBytes(1, 50_000)]).pipeThrough(sigStream()));
    await losesBytes(streams.check(deltaStream(sigs)), [randomBytes(1, 50_000), randomBytes(2, 50_000)], 1);
  },
};
