import { hex } from "../../common/bytes.ts";
import { RsyncError } from "../../common/rsync_error.ts";
import type { SigStats } from "../../engine/stats.ts";
import { createSha256 } from "../../digest/mod.ts";
import { fileBasis } from "../../files/file_basis.ts";
import type { LayeredFooter } from "../../formats/rsync_streams/layers.ts";
import { LayeredSig } from "../../sync/layered_sig.ts";
import { layeredSigStream } from "../../sync/layered_sig_stream.ts";
import type { CommandSpec, Invocation } from "../_command_spec.ts";
import { CliError, EXIT, ReportedError, systemError, usageError } from "../_errors.ts";
import { type Input, isStandard, isUnchanged, openInput } from "../_input.ts";
import { flag } from "../_option_kinds.ts";
import { withOutput } from "../_output.ts";
import { reportDetail, reportFailure, reportJson, reportStatistics } from "../_report.ts";
import { HELP, REPORT_OPTIONS, VERBOSE, VERSION } from "../_shared_options.ts";
import { openProgress, transfer } from "../_transfer.ts";

/** What the name of a published signature ends in. */
const SUFFIX = ".rsig";

const CHECK = flag({ name: "check", help: "write nothing; exit with 106 if a signature does not fit" });

export const publish: CommandSpec = {
  name: "publish",
  usage: "FILE...",
  operands: { min: 1, max: Infinity },
  needsNames: true,
  summary: "make the layered signature of a file beside it",
  details: `Makes FILE${SUFFIX} beside each FILE: its sums at several block lengths, and its SHA-256. Put both on a
server. Whoever has an older version finds out with few bytes what it is missing. A ${SUFFIX} that is
there is replaced, and none is published itself. A file that fails does not stop the others; the exit
code is that of the first.

A file that changes while it is read fails. A signature goes stale when its file changes afterwards:
publish again, or find out with --check.`,
  examples: ["rsync-streams publish app.tar", "rsync-streams publish --check dist/*"],
  options: [CHECK, ...REPORT_OPTIONS, VERSION, HELP],
  run,
};

async function run(invocation: Invocation): Promise<void> {
  const { operands, options, dialect, signal } = invocation;
  if (operands.some(isStandard)) {
    throw usageError("a file has to be named, since the signature lies beside it", "publish");
  }
  // A pattern such as dist/* finds the signatures of the last time too.
  const paths = operands.filter((path) => !path.endsWith(SUFFIX));
  if (paths.length === 0) throw usageError(`a ${SUFFIX} is no file to publish`, "publish");
  const work = options.get(CHECK) ? checkFresh : publishFile;
  const start = performance.now();
  const files: Published[] = [];
  let exitCode: number | undefined;
  for (const path of paths) {
    const place = { file: path, signature: path + SUFFIX };
    try {
      files.push({ ...place, ...await work(path, invocation) });
    } catch (error) {
      // One file says nothing of the others, unless the whole run was ended.
      if (signal?.aborted) throw error;
      const code = reportFailure(dialect, error, options.get(VERBOSE) === true);
      files.push({ ...place, status: "failed", exitCode: code });
      exitCode ??= code;
    }
  }
  await reportJson(invocation, { files, elapsedMs: Math.round(performance.now() - start) });
  if (exitCode !== undefined) throw new ReportedError(exitCode);
}

/** What became of a file. */
interface Outcome {
  readonly status: "published" | "fits" | "failed";
  /** Of a failure. */
  readonly exitCode?: number;
  /** Of a signature that was made. */
  readonly stats?: Readonly<SigStats>;
}

type Published = Outcome & { readonly file: string; readonly signature: string };

async function publishFile(path: string, invocation: Invocation): Promise<Outcome> {
  const input = await openInput(path, invocation);
  const { modifiedMs } = input;
  let stats: Readonly<SigStats> | undefined;
  await withOutput(path + SUFFIX, invocation, { mayReplace: true }, async (output) => {
    const bar = await openProgress(output, invocation, input.size);
    const onProgress = bar && (({ bytesIn }: { bytesIn: number }) => bar.update(bytesIn));
    const stream = layeredSigStream({ fileLength: input.size, modifiedMs, onProgress });
    const bytes = input.readable.pipeThrough(unlessChanged(input)).pipeThrough(stream);
    const ms = await transfer(bytes, output, bar, invocation);
    const { bytesIn, bytesOut, digest } = stats = stream.stats;
    reportDetail(invocation, `publish of ${input.name}: SHA-256 ${digest}`);
    reportStatistics(invocation, `publish: ${bytesIn} bytes read, ${bytesOut} written`, bytesIn, ms);
  });
  return { status: "published", stats: stats! };
}

/** Lets bytes through, and fails at their end if the file changed: they may be of neither the old nor the new one. */
function unlessChanged(input: Input): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  return new TransformStream({
    async flush() {
      if (await isUnchanged(input)) return;
      throw new CliError(EXIT.IO, `${input.name}: it changed while it was read: publish it again`);
    },
  });
}

/** @throws {CliError} If a published signature is not of the file beside it, by length and digest, or is damaged. */
async function checkFresh(path: string, invocation: Invocation): Promise<Outcome> {
  const input = await openInput(path, invocation);
  const footer = await readFooter(path + SUFFIX);
  const hash = createSha256();
  let length = 0;
  const count = new WritableStream<Uint8Array>({
    write(chunk) {
      hash.update(chunk);
      length += chunk.length;
    },
  });
  await input.readable.pipeTo(count);
  const isSame = length === footer?.fileLength && hex(hash.digest()) === footer.digest;
  if (!isSame) throw new CliError(EXIT.CORRUPT, `${path}: the ${SUFFIX} does not fit the file`);
  reportDetail(invocation, `${input.name}: the ${SUFFIX} fits`);
  return { status: "fits" };
}

/** What a published signature says at its end, or undefined if it is damaged. */
async function readFooter(path: string): Promise<LayeredFooter | undefined> {
  try {
    const file = await fileBasis(path);
    try {
      return file.size ? (await LayeredSig.open(file)).footer : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof RsyncError) return undefined;
    throw systemError("read", path, error);
  }
}
