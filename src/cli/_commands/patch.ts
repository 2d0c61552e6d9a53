import { decodeDeltaStream } from "../../decode_delta_stream.ts";
import { patchStream } from "../../patch_stream.ts";
import type { DeltaFormatOptions } from "../../stages/delta_options.ts";
import { checkDelta } from "../_check_options.ts";
import type { CommandSpec, Invocation } from "../_command_spec.ts";
import { DeltaStart } from "../_delta_start.ts";
import { type CompressibleInput, describeCompression, openCompressible } from "../_compressible_input.ts";
import { usageError } from "../_errors.ts";
import { DIGEST_FORMATS, UNRECOGNIZED_FORMATS } from "../_formats.ts";
import { isStandard, type OpenBasis, openBasis } from "../_input.ts";
import { withOutput } from "../_output.ts";
import { reportDetail, reportRun, warn } from "../_report.ts";
import {
  BUFFER_OPTIONS,
  FORCE,
  FORMAT,
  HELP,
  IGNORED_SIG_OPTIONS,
  KNOWN_BLOCK_LENGTH,
  REPORT_OPTIONS,
  VERSION,
} from "../_shared_options.ts";
import { isProgressShown, openProgress, transfer } from "../_transfer.ts";
import { formatShare } from "../_units.ts";

/** Deltas up to this length are read twice, first to learn the length of the target. That takes 0.1 s at most. */
const MAX_SCANNED_LENGTH = 2 ** 26;

const UNVERIFIED =
  "the result is not verified, since the delta carries no digest: compare it by other means, or say -q";

const NO_BASIS = "BASIS is the old file, of which the signature was made";

export const patch: CommandSpec = {
  name: "patch",
  usage: "BASIS [DELTA [TARGET]]",
  operands: { min: 1, max: 3 },
  summary: "make the new file from the old one and the delta",
  details: `Makes TARGET, the new file, from BASIS, the old one, and DELTA. With -f it may replace BASIS itself.

DELTA says what its format is, except in one of these formats: ${UNRECOGNIZED_FORMATS}. Give --format FORMAT
-b BYTES for it. The result is verified if the delta carries a digest (${DIGEST_FORMATS}), and there
is a warning if it does not. BASIS is read at random, so it cannot come from a pipe.

A delta that is compressed with gzip or zstd is decompressed. xz, bzip2 and brotli are not read.`,
  examples: [
    "rsync-streams patch old.iso changes.delta new.iso",
    "rsync-streams patch -f file changes.delta file",
    "curl -s https://example.org/a.delta | rsync-streams patch old.tar | tar x",
  ],
  options: [
    FORMAT,
    KNOWN_BLOCK_LENGTH,
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
  const { operands: [basisPath, deltaPath], options } = invocation;
  if (isStandard(basisPath) && isStandard(deltaPath)) {
    throw usageError("basis and delta cannot both come from the standard input", "patch");
  }
  const format = checkDelta(options, "patch");
  const basis = await openBasis(basisPath!, NO_BASIS);
  try {
    await patchFrom(basis, format, invocation);
  } finally {
    await basis.close();
  }
}

async function patchFrom(basis: OpenBasis, format: DeltaFormatOptions, invocation: Invocation): Promise<void> {
  const { dialect, operands: [basisPath, deltaPath, targetPath] } = invocation;
  const start = new DeltaStart();
  const input = await openCompressible(deltaPath, invocation, { look: (chunk) => start.look(chunk) });
  await withOutput(targetPath, invocation, { isBinary: false }, async (output) => {
    const targetLength = isProgressShown(output, invocation)
      ? await findTargetLength(input, deltaPath, format, invocation)
      : undefined;
    const bar = await openProgress(output, invocation, targetLength ?? input.size);
    const stream = patchStream(basis, {
      ...format,
      // A long delta is mostly literals, so its own length is a good measure too.
      onProgress: bar && (({ bytesOut }) => bar.update(targetLength === undefined ? input.bytesRead : bytesOut)),
    });
    reportDetail(invocation, `patch of ${basis.name} with ${input.name}`);
    const ms = await transfer(input.readable.pipeThrough(stream), output, bar, invocation);
    if (!start.hasDigest && !dialect.isRdiff) warn(invocation, UNVERIFIED);
    const { bytesIn, bytesOut, copiedBytes, literalBytes } = stream.stats;
    const counts =
      `patch: ${bytesIn} bytes of delta${
        describeCompression(input)
      }; ${copiedBytes} bytes copied, ${literalBytes} literal ` +
      `(${formatShare(literalBytes, bytesOut)}), ${bytesOut} written`;
    const { compression, bytesRead } = input;
    const facts = {
      basis: basisPath,
      delta: deltaPath ?? "-",
      target: targetPath ?? "-",
      compression,
      compressedLength: compression && bytesRead,
      isVerified: start.hasDigest,
      stats: stream.stats,
    };
    await reportRun(invocation, { counts, bytes: bytesOut, ms, facts }, output);
  });
}

/**
 * Bytes of the target that a delta makes. Undefined if the delta cannot be read twice, would take long to read, or is
 * damaged, which is reported when it is applied.
 */
async function findTargetLength(
  { size }: CompressibleInput,
  path: string | undefined,
  format: DeltaFormatOptions,
  invocation: Invocation,
): Promise<number | undefined> {
  // The standard input has one position, also by the names that some systems have for it in /dev.
  const isReadOnce = isStandard(path) || path.startsWith("/dev/");
  if (isReadOnce || size === undefined || size > MAX_SCANNED_LENGTH) return undefined;
  try {
    const { readable } = await openCompressible(path, invocation);
    const stream = decodeDeltaStream(format);
    const limit = new WritableStream({
      write() {
        // A compressed one may be much longer than its file.
        if (stream.stats.bytesIn > MAX_SCANNED_LENGTH) throw new Error("it would take long to read");
      },
    });
    await readable.pipeThrough(stream).pipeTo(limit);
    return stream.stats.bytesOut;
  } catch {
    return undefined;
  }
}
