import { deltaStream } from "../../delta_stream.ts";
import { loadSigs, type LoadSigsOptions } from "../../load_sigs.ts";
import type { Signature } from "../../stages/signature.ts";
import { checkBlockLength } from "../_check_options.ts";
import type { CommandSpec, Invocation, OptionValues } from "../_command_spec.ts";
import { CliError, EXIT, usageError } from "../_errors.ts";
import { openCompressible } from "../_compressible_input.ts";
import { chosenCompression, compressed, type Compression } from "../_compressed_output.ts";
import { DIGEST_FORMATS, isOfRdiff, isSelfDescribing, UNRECOGNIZED_FORMATS } from "../_formats.ts";
import { type Input, isStandard, openInput } from "../_input.ts";
import { flag } from "../_option_kinds.ts";
import { type Output, withOutput } from "../_output.ts";
import { reportDetail, reportRun } from "../_report.ts";
import {
  BLOCK_LENGTH,
  BUFFER_OPTIONS,
  FORCE,
  FORMAT,
  GZIP,
  HELP,
  IGNORED_SIG_OPTIONS,
  KNOWN_BLOCK_LENGTH,
  REPORT_OPTIONS,
  VERSION,
  ZSTD,
} from "../_shared_options.ts";
import { openProgress, transfer } from "../_transfer.ts";
import { formatShare } from "../_units.ts";

/**
 * Bytes of signature that are read from a pipe, or decompressed. A file has an end, whatever its length. A pipe may
 * have none, and a compressed file may expand to a thousand times its length and more.
 */
const MAX_PIPED_LENGTH = 2 ** 30;

const NO_DIGEST = flag({
  name: "no-digest",
  help: `write no digest of the target, which patch verifies (${DIGEST_FORMATS}): a wrong basis goes unnoticed`,
});

export const delta: CommandSpec = {
  name: "delta",
  usage: "SIGNATURE [TARGET [DELTA]]",
  operands: { min: 1, max: 3 },
  summary: "make the delta to the new file (the target)",
  details: `Makes the delta from the old file, of which SIGNATURE was made, to TARGET, the new file.

The delta has the format of the signature, unless --format names another. A signature in one of
these formats is not recognized: ${UNRECOGNIZED_FORMATS}. Give --format FORMAT -b BYTES for it.

With -z or --zstd the delta is compressed. The other commands decompress it; rdiff cannot.`,
  examples: [
    "rsync-streams delta old.sig new.iso changes.delta",
    "rsync-streams delta -z old.sig new.iso changes.delta.gz",
    "tar c folder | rsync-streams delta old.sig > changes.delta",
  ],
  options: [
    FORMAT,
    KNOWN_BLOCK_LENGTH,
    NO_DIGEST,
    GZIP,
    ZSTD,
    FORCE,
    ...REPORT_OPTIONS,
    ...BUFFER_OPTIONS,
    VERSION,
    HELP,
  ],
  ignoredOptions: IGNORED_SIG_OPTIONS,
  run,
};

async function run(invocation: Invocation): Promise<void> {
  const { operands, options } = invocation;
  if (isStandard(operands[0]) && isStandard(operands[1])) {
    throw usageError("signature and target cannot both come from the standard input", "delta");
  }
  const compression = chosenCompression(options, "delta");
  const sigInput = await openSig(operands[0], invocation);
  const input = await openInput(operands[1], invocation);
  await withOutput(operands[2], invocation, { isBinary: true }, async (output) => {
    // The input has a limit of its own.
    const sigs = await loadSigs(sigInput.readable, { ...sigFormat(options), maxInputLength: Infinity });
    await deltaTo(input, sigs, output, compression, invocation);
  });
}

async function deltaTo(
  input: Input,
  sigs: Signature,
  output: Output,
  compression: Compression | undefined,
  invocation: Invocation,
): Promise<void> {
  const { dialect, operands, options } = invocation;
  const format = options.get(FORMAT) ?? sigs.format;
  const bar = await openProgress(output, invocation, input.size);
  const stream = deltaStream(sigs, {
    format,
    digest: options.get(NO_DIGEST) ? false : undefined,
    rdiffExact: dialect.isRdiff && isOfRdiff(format) ? true : undefined,
    onProgress: bar && (({ bytesIn }) => bar.update(bytesIn)),
  });
  reportDetail(
    invocation,
    `delta to ${input.name}: format ${format}, ${stream.stats.sigCount} blocks of ${sigs.blockLength} bytes ` +
      `(${sigs.format}, ${sigs.weakSum}, ${sigs.strongSum}), sums by ${sigs.backend}`,
  );
  const bytes = compressed(input.readable.pipeThrough(stream), compression);
  const ms = await transfer(bytes.readable, output, bar, invocation);
  const { bytesIn, bytesOut, copiedBytes, literalBytes, goodAlarms, falseAlarms } = stream.stats;
  const counts = `delta: ${goodAlarms} blocks found, ${falseAlarms} false alarms; ${copiedBytes} bytes copied, ` +
    `${literalBytes} literal (${formatShare(literalBytes, bytesIn)}), ${bytes.describe(bytesOut)}`;
  const { compressedLength } = bytes;
  const facts = {
    signature: operands[0],
    target: operands[1] ?? "-",
    delta: operands[2] ?? "-",
    format,
    blockLength: sigs.blockLength,
    compression,
    compressedLength,
    stats: stream.stats,
  };
  await reportRun(invocation, { counts, bytes: bytesIn, ms, facts }, output);
}

/** Opens the signature, and bounds what is read of one that may have no end. */
async function openSig(path: string | undefined, invocation: Invocation): Promise<Input> {
  let length = 0;
  const input = await openCompressible(path, invocation, {
    isPlain: invocation.dialect.isRdiff || sigFormat(invocation.options).format !== undefined,
    look(chunk) {
      length += chunk.length;
      if (length <= MAX_PIPED_LENGTH) return;
      if (input.compression) throw tooLong(input, "a compressed one: decompress it first");
      if (input.reportedSize === undefined) throw tooLong(input, "a pipe: name a file");
    },
  });
  return input;
}

/** @param what Which kind of input has the limit. */
function tooLong({ name }: Input, what: string): CliError {
  const why = `it is longer than ${MAX_PIPED_LENGTH} bytes, which is the limit for ${what}`;
  return new CliError(EXIT.MEMORY, `cannot read the signature from ${name}: ${why}`);
}

/** What has to be said about the format of the signature. */
function sigFormat(options: OptionValues): LoadSigsOptions {
  const format = options.get(FORMAT);
  const blockLength = options.get(BLOCK_LENGTH) ?? 0;
  // Without -b, the format is that of the delta. With -b and a format that records it, -b is ignored, as by rdiff.
  if (!format || isSelfDescribing(format) || blockLength <= 0) return {};
  return { format, blockLength: checkBlockLength(format, blockLength, "delta") };
}
