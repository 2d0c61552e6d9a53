import type { SigStats } from "../engine/stats.ts";
import { formats } from "../formats/mod.ts";
import { minStrongLength, recommendedBlockLength } from "../recommended_lengths.ts";
import { sigStream } from "../sig_stream.ts";
import { toldBlockLength } from "./_delta_format.ts";
import { checkedOptions, CliError, EXIT } from "./_exit.ts";
import { openInput } from "./_input.ts";
import type { Options } from "./_options.ts";
import { openOutput } from "./_output.ts";
import { openProgress } from "./_progress.ts";
import { type Invocation, sayDetail, sayStatistics, transfer } from "./_run.ts";
import { say } from "./_stdio.ts";

/** `signature [BASIS [SIGNATURE]]` */
export async function signature(invocation: Invocation): Promise<void> {
  const { operands, options } = invocation;
  const { format = "librsync", strongSum, weakSum, digest, force = false } = options;
  const input = await openInput(operands[0]);
  const output = await openOutput(operands[1], { force, isBinary: true });
  const { blockLength, strongLength } = lengths(options, input.size);
  const progress = await openProgress(output, input.size);
  const stream = await checkedOptions(() => {
    const onProgress = progress.watch<SigStats>(({ bytesIn }) => bytesIn);
    return sigStream({ format, blockLength, strongLength, strongSum, weakSum, digest, onProgress });
  });
  sayDetail(invocation, `signature of ${input.name}: format ${format}, sums by ${stream.backend}`);
  const ms = await transfer(input.readable.pipeThrough(stream), output, progress, invocation);
  const { sigCount, bytesIn, bytesOut } = stream.stats;
  const counts = `${sigCount} blocks of ${blockLength} bytes; ${bytesIn} bytes read, ${bytesOut} written`;
  sayStatistics(invocation, `signature: ${counts}`, bytesIn, ms);
}

/** Lengths as rdiff chooses them (`rs_sig_args`, format page of librsync, section 1.3). */
function lengths(
  options: Options,
  size: number | undefined,
): { blockLength: number; strongLength: number | undefined } {
  const { format = "librsync", blockLength: told = 0, strongLength = 0 } = options;
  // The other side has to know it.
  if (format === "luapower") toldBlockLength(told, "signature");
  if (told < 0) throw new CliError(EXIT.PARAMETER, `the block length (-b) is ${told}: 0 or more was expected`);
  const blockLength = told === 0 ? recommendedBlockLength(size) : told;
  if (strongLength === 0) return { blockLength, strongLength: undefined };
  if (strongLength < -1) {
    throw new CliError(EXIT.PARAMETER, `the strong length (-S) is ${strongLength}: -1 or more was expected`);
  }
  const least = Math.max(minStrongLength(size, blockLength), formats[format].minStrongLength);
  if (strongLength === -1) return { blockLength, strongLength: least };
  if (strongLength < least && size !== undefined) {
    say(`warning: strong sums of ${strongLength} bytes are short for ${size} bytes: at least ${least} are recommended`);
  }
  return { blockLength, strongLength };
}
