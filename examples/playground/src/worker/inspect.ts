/** Reads signatures and deltas that were made elsewhere. */
import { decodeDeltaStream, encodeDeltaStream, loadSigs, RsyncError } from "rsync-streams";
import type { DeltaFacts, GivenFormat, Jobs, SigFacts } from "../protocol.ts";
import type { Context } from "./context.ts";
import { readDelta } from "./read_delta.ts";

/** What a file is. A signature is tried first. */
export async function inspect({ file, given }: Jobs["inspect"], { signal }: Context): Promise<SigFacts | DeltaFacts> {
  try {
    return await readSig(file, given);
  } catch (error) {
    if (!mayBeDelta(error)) throw error;
  }
  return await readDelta(file, given, signal);
}

/** A luapower delta has no magic. As a signature its length is wrong. */
function mayBeDelta(error: unknown): boolean {
  return error instanceof RsyncError && (error.code === "bad-magic" || error.code === "truncated");
}

async function readSig(file: Blob, given: GivenFormat): Promise<SigFacts> {
  const sigs = await loadSigs(file, given);
  const { format, blockLength, weakSum, strongSum, strongLength, sigCount, fileLength } = sigs;
  return { kind: "signature", format, blockLength, weakSum, strongSum, strongLength, sigCount, fileLength };
}

/** Writes a delta in another format. */
export function transcode({ delta, from, to }: Jobs["transcode"], { slot, signal }: Context): Promise<Blob> {
  const encoded = encodeDeltaStream({ format: to, blockLength: from.blockLength });
  return slot.keep("transcoded", delta.stream().pipeThrough(decodeDeltaStream(from)).pipeThrough(encoded), signal);
}
