import type { Format } from "../../formats/format.ts";
import { minStrongLength as recommendedStrongLength, recommendedBlockLength } from "../../recommended_lengths.ts";
import { sigStream } from "../../sig_stream.ts";
import { checkSig, requireBlockLength } from "../_check_options.ts";
import type { CommandSpec, Invocation } from "../_command_spec.ts";
import { DEFAULT_SIG_FORMAT, DIGEST_FORMATS, isOfRdiff, RDIFF_SIG_FORMAT, UNRECOGNIZED_FORMATS } from "../_formats.ts";
import { type Input, openInput } from "../_input.ts";
import { flag } from "../_option_kinds.ts";
import { withOutput } from "../_output.ts";
import { reportDetail, reportRun, warn } from "../_report.ts";
import {
  BLOCK_LENGTH,
  BUFFER_OPTIONS,
  FORCE,
  FORMAT,
  HELP,
  REPORT_OPTIONS,
  STRONG_LENGTH,
  STRONG_SUM,
  VERSION,
  WEAK_SUM,
} from "../_shared_options.ts";
import { openProgress, transfer } from "../_transfer.ts";

const DIGEST = flag({ name: "digest", help: `end the signature in a digest of the whole file (${DIGEST_FORMATS})` });

export const signature: CommandSpec = {
  name: "signature",
  usage: "[BASIS [SIGNATURE]]",
  operands: { min: 0, max: 2 },
  summary: "make the signature of the old file (the basis)",
  details: `Makes the signature of BASIS, the old file. The side that has the new file makes a delta with it.

With the default format, ${DEFAULT_SIG_FORMAT}, patching verifies the result. rdiff reads the format
${RDIFF_SIG_FORMAT}, which cannot be verified. Some formats do not record the block length
(${UNRECOGNIZED_FORMATS}): give it with -b.`,
  examples: [
    "rsync-streams signature old.iso old.sig",
    "rsync-streams signature --format librsync old.iso old.sig",
    "ssh host cat old.iso | rsync-streams signature > old.sig",
  ],
  options: [
    BLOCK_LENGTH,
    STRONG_LENGTH,
    STRONG_SUM,
    WEAK_SUM,
    { ...FORMAT, help: `${FORMAT.choices!.join(", ")}; default: ${DEFAULT_SIG_FORMAT}` },
    DIGEST,
    FORCE,
    ...REPORT_OPTIONS,
    ...BUFFER_OPTIONS,
    VERSION,
    HELP,
  ],
  run,
};

async function run(invocation: Invocation): Promise<void> {
  const { dialect, operands, options } = invocation;
  const format = options.get(FORMAT) ?? (dialect.isRdiff ? RDIFF_SIG_FORMAT : DEFAULT_SIG_FORMAT);
  const input = await openInput(operands[0], invocation);
  const sigOptions = chooseSigOptions(format, input, invocation);
  await withOutput(operands[1], invocation, { isBinary: true }, async (output) => {
    const bar = await openProgress(output, invocation, input.size);
    const stream = sigStream({ format, ...sigOptions, onProgress: bar && (({ bytesIn }) => bar.update(bytesIn)) });
    reportDetail(invocation, `signature of ${input.name}: format ${format}, sums by ${stream.backend}`);
    const ms = await transfer(input.readable.pipeThrough(stream), output, bar, invocation);
    const { sigCount, bytesIn, bytesOut } = stream.stats;
    const counts = `${sigCount} blocks of ${sigOptions.blockLength} bytes; ${bytesIn} bytes read, ${bytesOut} written`;
    const { weakSum, strongSum, blockLength, strongLength } = sigOptions;
    const facts = {
      basis: operands[0] ?? "-",
      signature: operands[1] ?? "-",
      format,
      weakSum,
      strongSum,
      blockLength,
      strongLength,
      stats: stream.stats,
    };
    await reportRun(invocation, { counts: `signature: ${counts}`, bytes: bytesIn, ms, facts }, output);
  });
}

/**
 * Chooses sums and lengths: those of rdiff's formats as rdiff does (`rs_sig_args`, docs/formats/librsync.md), others as
 * the library does.
 */
function chooseSigOptions(format: Format, { size, reportedSize }: Input, invocation: Invocation) {
  const { options } = invocation;
  const [givenBlockLength, givenStrongLength] = [options.get(BLOCK_LENGTH) ?? 0, options.get(STRONG_LENGTH) ?? 0];
  requireBlockLength(format, givenBlockLength, "signature");
  const isRdiffs = isOfRdiff(format);
  const fileLength = isRdiffs ? reportedSize : size;
  const defaultBlockLength = isRdiffs ? recommendedBlockLength(fileLength) : undefined;
  const isStrongGiven = givenStrongLength !== 0 && givenStrongLength !== -1;
  const { weakSum, strongSum, blockLength, strongLength, hasDigest } = checkSig(format, {
    fileLength: isRdiffs ? undefined : fileLength,
    blockLength: givenBlockLength === 0 ? defaultBlockLength : givenBlockLength,
    strongLength: isStrongGiven ? givenStrongLength : undefined,
    strongSum: options.get(STRONG_SUM),
    weakSum: options.get(WEAK_SUM),
    digest: options.get(DIGEST),
  });
  const sums = { weakSum, strongSum, blockLength, digest: hasDigest };
  if (!isRdiffs) return { ...sums, strongLength };
  const min = recommendedStrongLength(fileLength, blockLength);
  if (isStrongGiven && strongLength < min && fileLength !== undefined) {
    const what = `strong sums of ${strongLength} bytes are short for ${fileLength} bytes`;
    warn(invocation, `${what}: at least ${min} are recommended`);
  }
  return { ...sums, strongLength: givenStrongLength === -1 ? min : strongLength };
}
