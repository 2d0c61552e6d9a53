import { ChunkList } from "../../common/chunk_list.ts";
import { decodeDeltaStream } from "../../decode_delta_stream.ts";
import { encodeDeltaStream } from "../../encode_delta_stream.ts";
import { checkBlockLength, checkDelta } from "../_check_options.ts";
import type { CommandSpec, Invocation } from "../_command_spec.ts";
import { describeCompression, openCompressible } from "../_compressible_input.ts";
import { chosenCompression, compressed } from "../_compressed_output.ts";
import { piped } from "../_compression/piped.ts";
import { DeltaStart } from "../_delta_start.ts";
import { usageError } from "../_errors.ts";
import { DIGEST_FORMATS, FORMAT_CHOICES, hasDigest, UNRECOGNIZED_FORMATS } from "../_formats.ts";
import { choiceOption } from "../_option_kinds.ts";
import { withOutput } from "../_output.ts";
import { reportDetail, reportRun, warn } from "../_report.ts";
import {
  BLOCK_LENGTH,
  FORCE,
  FORMAT,
  GZIP,
  HELP,
  KNOWN_BLOCK_LENGTH,
  REPORT_OPTIONS,
  VERSION,
  ZSTD,
} from "../_shared_options.ts";
import { openProgress, transfer } from "../_transfer.ts";

const TO = choiceOption({
  name: "to",
  value: "FORMAT",
  help: `the format to write: ${Object.keys(FORMAT_CHOICES).join(", ")}`,
}, { words: FORMAT_CHOICES, what: "format" });

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of a chunk that is written. */
const WRITTEN_LENGTH = 2 ** 16;

const UNVERIFIED = "a patch with the new delta is not verified, so compare its result by other means, or say -q";

export const transcode: CommandSpec = {
  name: "transcode",
  usage: "DELTA [OUTPUT] --to FORMAT",
  operands: { min: 1, max: 2 },
  summary: "write a delta in another format",
  details: `Writes DELTA in another format. A digest is kept if the new format has a place for one
(${DIGEST_FORMATS}), and there is a warning if it has none. Some formats take only copies
of whole blocks, of the length that -b gives (${UNRECOGNIZED_FORMATS}).

A delta that is compressed with gzip or zstd is recognized, and OUTPUT is compressed only with -z or
--zstd.`,
  examples: ["rsync-streams transcode changes.delta changes.rdiff --to librsync"],
  options: [FORMAT, TO, KNOWN_BLOCK_LENGTH, GZIP, ZSTD, FORCE, ...REPORT_OPTIONS, VERSION, HELP],
  run,
};

async function run(invocation: Invocation): Promise<void> {
  const { operands, options } = invocation;
  const to = options.get(TO);
  if (!to) throw usageError("the format to write is missing: give it with --to FORMAT", "transcode");
  const from = checkDelta(options, "transcode");
  const blockLength = checkBlockLength(to, options.get(BLOCK_LENGTH), "transcode");
  const compression = chosenCompression(options, "transcode");
  const start = new DeltaStart();
  const input = await openCompressible(operands[0], invocation, { look: (chunk) => start.look(chunk) });
  await withOutput(operands[1], invocation, { isBinary: true }, async (output) => {
    const bar = await openProgress(output, invocation, input.size);
    const decoder = decodeDeltaStream({ ...from, onProgress: bar && (() => bar.update(input.bytesRead)) });
    const encoder = encodeDeltaStream({ format: to, blockLength });
    reportDetail(invocation, `transcode of ${input.name} to format ${to}`);
    const bytes = compressed(piped(input.readable.pipeThrough(decoder).pipeThrough(encoder), gather), compression);
    const ms = await transfer(bytes.readable, output, bar, invocation);
    if (start.hasDigest && !hasDigest(to)) {
      warn(invocation, `the digest is left out, since the ${to} format has no place for it: ${UNVERIFIED}`);
    }
    const { bytesIn, copiedBytes, literalBytes, digest } = decoder.stats;
    const { bytesOut } = encoder.stats;
    const counts = `transcode: ${bytesIn} bytes of delta${describeCompression(input)}; ` +
      `${bytes.describe(bytesOut)}; ` +
      `${copiedBytes} bytes copied, ${literalBytes} literal`;
    const facts = {
      delta: operands[0],
      output: operands[1] ?? "-",
      format: to,
      compression,
      compressedLength: bytes.compressedLength,
      stats: { bytesIn, bytesOut, copiedBytes, literalBytes, digest },
    };
    await reportRun(invocation, { counts, bytes: bytesIn, ms, facts }, output);
  });
}

/** Puts short chunks together. An encoder has one for each command, and each would be a write. */
async function* gather(source: AsyncIterator<Bytes, undefined>): AsyncGenerator<Bytes, void> {
  let chunks = new ChunkList();
  for (let { value } = await source.next(); value; { value } = await source.next()) {
    chunks.push(value);
    if (chunks.length < WRITTEN_LENGTH) continue;
    yield chunks.join();
    chunks = new ChunkList();
  }
  if (chunks.length > 0) yield chunks.join();
}
