import type { BasisSource } from "../basis/basis_source.ts";
import { decodeDeltaStream } from "../decode_delta_stream.ts";
import type { DeltaFormatOptions } from "../stages/delta_options.ts";
import type { PatchStats } from "../engine/stats.ts";
import { patchStream } from "../patch_stream.ts";
import { checkedOptions } from "./_exit.ts";
import { deltaFormat } from "./_delta_format.ts";
import { openBasis, openInput } from "./_input.ts";
import { openOutput } from "./_output.ts";
import { isProgressShown, openProgress } from "./_progress.ts";
import { type Invocation, sayDetail, sayStatistics, transfer } from "./_run.ts";
import { formatShare } from "./_units.ts";

/** Deltas of files up to this length are read once more to show how far a patch is: that takes 0.1 s at most. */
const MAX_SCANNED_LENGTH = 2 ** 26;

/** `patch BASIS [DELTA [TARGET]]` */
export async function patch(invocation: Invocation): Promise<void> {
  const format = deltaFormat(invocation.options, "patch");
  const basis = await openBasis(invocation.operands[0]);
  try {
    await patchFrom(basis, format, invocation);
  } finally {
    await basis.close();
  }
}

async function patchFrom(basis: BasisSource, format: DeltaFormatOptions, invocation: Invocation): Promise<void> {
  const [basisPath, deltaPath, targetPath] = invocation.operands;
  const { force = false } = invocation.options;
  const input = await openInput(deltaPath);
  const output = await openOutput(targetPath, { force, isBinary: false });
  const isScanned = isProgressShown(output) && input.size !== undefined && input.size <= MAX_SCANNED_LENGTH;
  const total = isScanned ? await targetLength(deltaPath, format) : input.size;
  const progress = await openProgress(output, total);
  const stream = await checkedOptions(() => {
    // A long delta is mostly literals: its own length does as well.
    const onProgress = progress.watch<PatchStats>(({ bytesIn, bytesOut }) => isScanned ? bytesOut : bytesIn);
    return patchStream(basis, { ...format, onProgress });
  });
  sayDetail(invocation, `patch of ${basisPath} with ${input.name}: sums by ${stream.backend}`);
  const ms = await transfer(input.readable.pipeThrough(stream), output, progress, invocation);
  const { bytesIn, bytesOut, copiedBytes, literalBytes } = stream.stats;
  const counts = `patch: ${bytesIn} bytes of delta; ${copiedBytes} bytes copied, ${literalBytes} literal ` +
    `(${formatShare(literalBytes, bytesOut)}), ${bytesOut} written`;
  sayStatistics(invocation, counts, bytesOut, ms);
}

/** Length of the target that a delta makes, as its commands tell. Undefined if it is damaged: that is told when it is applied. */
async function targetLength(path: string | undefined, format: DeltaFormatOptions): Promise<number | undefined> {
  try {
    const { readable } = await openInput(path);
    const stream = decodeDeltaStream(format);
    await readable.pipeThrough(stream).pipeTo(new WritableStream());
    return stream.stats.bytesOut;
  } catch {
    return undefined;
  }
}
