import type { BasisSource } from "../../basis/basis_source.ts";
import { decodeDeltaStream } from "../../decode_delta_stream.ts";
import { patchStream } from "../../patch_stream.ts";
import type { DeltaFormatOptions } from "../../stages/delta_options.ts";
import { checkDelta } from "../_check_options.ts";
import type { CommandSpec, Invocation } from "../_command_spec.ts";
import { UNRECOGNIZED_FORMATS } from "../_formats.ts";
import { openBasis, openInput } from "../_input.ts";
import { openOutput } from "../_output.ts";
import { reportDetail, reportStatistics } from "../_report.ts";
import {
  BUFFER_OPTIONS,
  FORCE,
  FORMAT,
  HELP,
  IGNORED_SIG_OPTIONS,
  KNOWN_BLOCK_LENGTH,
  STATISTICS,
  VERBOSE,
  VERSION,
} from "../_shared_options.ts";
import { isProgressShown, openProgress, transfer } from "../_transfer.ts";
import { formatShare } from "../_units.ts";

/** Deltas up to this length are read twice, first to learn the length of the target. That takes 0.1 s at most. */
const MAX_SCANNED_LENGTH = 2 ** 26;

export const patch: CommandSpec = {
  name: "patch",
  usage: "BASIS [DELTA [TARGET]]",
  operands: { min: 1, max: 3 },
  summary: "make the new file from the old one and the delta",
  details: `Makes TARGET, the new file, from BASIS, the old one, and DELTA. With -f it may replace BASIS itself.

DELTA says what its format is, except in one of these formats: ${UNRECOGNIZED_FORMATS}. Give --format FORMAT
-b BYTES for it. In the format rsync-streams the result is verified. BASIS cannot come from a pipe.`,
  examples: [
    "rsync-streams patch old.iso changes.delta new.iso",
    "rsync-streams patch -f file changes.delta file",
    "curl -s https://example.org/changes.delta | rsync-streams patch old.tar | tar x",
  ],
  options: [
    FORMAT,
    KNOWN_BLOCK_LENGTH,
    FORCE,
    STATISTICS,
    VERBOSE,
    ...BUFFER_OPTIONS,
    VERSION,
    HELP,
  ],
  ignoredOptions: IGNORED_SIG_OPTIONS,
  run,
};

async function run(invocation: Invocation): Promise<void> {
  const format = checkDelta(invocation.options, "patch");
  const basis = await openBasis(invocation.operands[0]);
  try {
    await patchFrom(basis, format, invocation);
  } finally {
    await basis.close();
  }
}

async function patchFrom(basis: BasisSource, format: DeltaFormatOptions, invocation: Invocation): Promise<void> {
  const { operands: [basisPath, deltaPath, targetPath], options } = invocation;
  const input = await openInput(deltaPath);
  const output = await openOutput(targetPath, { force: options.get(FORCE) ?? false, isBinary: false });
  const isScanned = isProgressShown(output) && input.size !== undefined && input.size <= MAX_SCANNED_LENGTH;
  const total = isScanned ? await findTargetLength(deltaPath, format) : input.size;
  const bar = await openProgress(output, total);
  const stream = patchStream(basis, {
    ...format,
    // A long delta is mostly literals, so its own length is a good measure too.
    onProgress: bar && (({ bytesIn, bytesOut }) => bar.update(isScanned ? bytesOut : bytesIn)),
  });
  reportDetail(invocation, `patch of ${basisPath} with ${input.name}: sums by ${stream.backend}`);
  const ms = await transfer(input.readable.pipeThrough(stream), output, bar, invocation);
  const { bytesIn, bytesOut, copiedBytes, literalBytes } = stream.stats;
  const counts = `patch: ${bytesIn} bytes of delta; ${copiedBytes} bytes copied, ${literalBytes} literal ` +
    `(${formatShare(literalBytes, bytesOut)}), ${bytesOut} written`;
  reportStatistics(invocation, counts, bytesOut, ms);
}

/** Bytes of the target that a delta makes. Undefined if the delta is damaged, which is reported when it is applied. */
async function findTargetLength(path: string | undefined, format: DeltaFormatOptions): Promise<number | undefined> {
  try {
    const { readable } = await openInput(path);
    const stream = decodeDeltaStream(format);
    await readable.pipeThrough(stream).pipeTo(new WritableStream());
    return stream.stats.bytesOut;
  } catch {
    return undefined;
  }
}
