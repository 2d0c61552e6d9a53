/** The three steps of the algorithm. */
import {
  deltaStream,
  type Format,
  loadSigs,
  patchStream,
  recommendedBlockLength,
  type Signature,
  sigStream,
} from "rsync-streams";
import type { GivenFormat, Jobs, PairOptions, PairResult } from "../protocol.ts";
import { type Context, reporter } from "./context.ts";
import { readDelta } from "./read_delta.ts";

/** Makes a signature and a delta, and patches. */
export async function runPair({ basis, target, options }: Jobs["pair"], context: Context): Promise<PairResult> {
  const { slot, signal } = context;
  const sig = await slot.keep("signature", makeSig(basis, options, context), signal);
  const { format, backend } = options;
  const sigs = await loadSigs(sig, { ...givenFormat(format, blockLengthOf(options, basis.size)), backend });
  const given = givenFormat(format, sigs.blockLength);
  const stream = deltaStream(sigs, { onProgress: reporter(context, "Delta", target.size) });
  const delta = await slot.keep("delta", target.stream().pipeThrough(stream), signal);
  const { digest, regions } = await readDelta(delta, given, signal);
  const patched = await slot.keep("patched", patch({ delta, basis, given }, context, target.size), signal);
  const { goodAlarms, falseAlarms, copiedBytes, literalBytes } = stream.stats;
  return {
    sig,
    delta,
    patched,
    regions,
    basisLength: basis.size,
    targetLength: target.size,
    blockLength: sigs.blockLength,
    sigCount: sigs.sigCount,
    goodAlarms,
    falseAlarms,
    copiedBytes,
    literalBytes,
    backend: stream.backend,
    isVerified: digest !== undefined,
  };
}

/** What has to be said of a format without a magic. The others need nothing. */
function givenFormat(format: Format, blockLength: number | undefined): GivenFormat {
  return format === "luapower" ? { format, blockLength } : { format: undefined, blockLength: undefined };
}

/** The block length that was chosen, or else the recommended one. The default format knows its own. */
function blockLengthOf({ blockLength, format }: PairOptions, fileLength: number): number | undefined {
  return blockLength ?? (format === "rsync-streams" ? undefined : recommendedBlockLength(fileLength));
}

function makeSig(basis: Blob, options: PairOptions, context: Context): ReadableStream<Uint8Array<ArrayBuffer>> {
  const onProgress = reporter(context, "Signature", basis.size);
  const blockLength = blockLengthOf(options, basis.size);
  return basis.stream().pipeThrough(sigStream({ ...options, blockLength, fileLength: basis.size, onProgress }));
}

/** Patches. The length of the target is NaN if it is not known. */
export function patch(
  { delta, basis, given }: Jobs["patch"],
  context: Context,
  targetLength = NaN,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const onProgress = reporter(context, "Patch", targetLength, "bytesOut");
  return delta.stream().pipeThrough(patchStream(basis, { ...given, onProgress }));
}

/** A delta against a signature that was made elsewhere. */
export async function makeDelta({ sig, target, given }: Jobs["delta"], context: Context): Promise<Blob> {
  const sigs: Signature = await loadSigs(sig, given);
  const stream = deltaStream(sigs, { onProgress: reporter(context, "Delta", target.size) });
  return await context.slot.keep("delta", target.stream().pipeThrough(stream), context.signal);
}

/** The block length that the library chooses. The header of the signature of no bytes has it. */
export async function recommend({ fileLength, format }: Jobs["recommend"]): Promise<number> {
  if (format !== "rsync-streams") return recommendedBlockLength(fileLength);
  const sig = new Blob().stream().pipeThrough(sigStream({ fileLength }));
  return (await loadSigs(sig)).blockLength;
}
