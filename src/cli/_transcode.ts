import { decodeDeltaStream } from "../decode_delta_stream.ts";
import { encodeDeltaStream } from "../encode_delta_stream.ts";
import type { PatchStats } from "../engine/stats.ts";
import { deltaFormat, toldBlockLength } from "./_delta_format.ts";
import { checkedOptions, usageError } from "./_exit.ts";
import { openInput } from "./_input.ts";
import { openOutput } from "./_output.ts";
import { openProgress } from "./_progress.ts";
import { type Invocation, sayDetail, sayStatistics, transfer } from "./_run.ts";

/** `transcode DELTA [OUTPUT] --to FORMAT` */
export async function transcode(invocation: Invocation): Promise<void> {
  const { operands, options } = invocation;
  const { to, force = false } = options;
  if (!to) throw usageError("the format to write is missing: say --to FORMAT", "transcode");
  const from = deltaFormat(options, "transcode");
  const blockLength = to === "luapower" ? toldBlockLength(options.blockLength, "transcode") : undefined;
  const input = await openInput(operands[0]);
  const output = await openOutput(operands[1], { force, isBinary: true });
  const progress = await openProgress(output, input.size);
  const onProgress = progress.watch<PatchStats>(({ bytesIn }) => bytesIn);
  const decoder = await checkedOptions(() => decodeDeltaStream({ ...from, onProgress }));
  const encoder = await checkedOptions(() => encodeDeltaStream({ format: to, blockLength }));
  sayDetail(invocation, `transcode of ${input.name} to format ${to}`);
  const bytes = input.readable.pipeThrough(decoder).pipeThrough(encoder);
  const ms = await transfer(bytes, output, progress, invocation);
  const { bytesIn, copiedBytes, literalBytes } = decoder.stats;
  const counts = `transcode: ${bytesIn} bytes read, ${encoder.stats.bytesOut} written; ${copiedBytes} bytes copied, ` +
    `${literalBytes} literal`;
  sayStatistics(invocation, counts, bytesIn, ms);
}
