import { deltaStream } from "../delta_stream.ts";
import type { DeltaStats } from "../engine/stats.ts";
import { loadSigs, type LoadSigsOptions } from "../load_sigs.ts";
import type { Signature } from "../stages/signature.ts";
import { checkedOptions, usageError } from "./_exit.ts";
import { type Input, isStandard, openInput } from "./_input.ts";
import type { Options } from "./_options.ts";
import { openOutput } from "./_output.ts";
import { openProgress } from "./_progress.ts";
import { type Invocation, sayDetail, sayStatistics, transfer } from "./_run.ts";
import { formatShare } from "./_units.ts";

/** `delta SIGNATURE [TARGET [DELTA]]` */
export async function delta(invocation: Invocation): Promise<void> {
  const { operands, options } = invocation;
  const { force = false, digest } = options;
  if (isStandard(operands[0]) && isStandard(operands[1])) {
    throw usageError("signature and target cannot both come from the standard input", "delta");
  }
  const sigInput = await openInput(operands[0]);
  const input = await openInput(operands[1]);
  const output = await openOutput(operands[2], { force, isBinary: true });
  const sigs = await load(sigInput, options);
  const format = options.format ?? sigs.format;
  sayDetail(
    invocation,
    `delta to ${input.name}: format ${format}, ${sigs.count} blocks of ${sigs.blockLength} bytes (${sigs.format}, ` +
      `${sigs.weakSum}, ${sigs.strongSum}), sums by ${sigs.backend}`,
  );
  const progress = await openProgress(output, input.size);
  const stream = await checkedOptions(() => {
    const onProgress = progress.watch<DeltaStats>(({ bytesIn }) => bytesIn);
    return deltaStream(sigs, { format, digest, onProgress });
  });
  const ms = await transfer(input.readable.pipeThrough(stream), output, progress, invocation);
  const { bytesIn, bytesOut, copiedBytes, literalBytes, goodAlarms, falseAlarms } = stream.stats;
  const counts = `delta: ${goodAlarms} blocks found, ${falseAlarms} false alarms; ${copiedBytes} bytes copied, ` +
    `${literalBytes} literal (${formatShare(literalBytes, bytesIn)}), ${bytesOut} written`;
  sayStatistics(invocation, counts, bytesIn, ms);
}

async function load(input: Input, { format, blockLength = 0 }: Options): Promise<Signature> {
  // Formats that have a magic tell their block length, so with one it is luapower's. rdiff takes -b too, and ignores it.
  const isLuapower = format === "luapower" && blockLength > 0;
  const told: LoadSigsOptions = isLuapower ? { format, blockLength } : {};
  // A file has an end, a pipe may have none.
  const maxInputLength = input.size === undefined ? undefined : Infinity;
  return await checkedOptions(() => loadSigs(input.readable, { ...told, maxInputLength }));
}
