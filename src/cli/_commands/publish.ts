import { hex } from "../../common/bytes.ts";
import { createSha256 } from "../../digest/mod.ts";
import { fileBasis } from "../../files/file_basis.ts";
import { fileReadable } from "../../files/file_readable.ts";
import { LayeredSig } from "../../sync/layered_sig.ts";
import { layeredSigStream } from "../../sync/layered_sig_stream.ts";
import type { CommandSpec, Invocation } from "../_command_spec.ts";
import { CliError, EXIT, systemError } from "../_errors.ts";
import { openInput } from "../_input.ts";
import { flag } from "../_option_kinds.ts";
import { withOutput } from "../_output.ts";
import { reportDetail, reportStatistics } from "../_report.ts";
import { HELP, QUIET, STATISTICS, VERBOSE, VERSION } from "../_shared_options.ts";
import { openProgress, transfer } from "../_transfer.ts";

/** What the name of a published signature ends in. */
const SUFFIX = ".rsig";

const CHECK = flag({ name: "check", help: "write nothing; exit with 106 if a signature does not fit" });

export const publish: CommandSpec = {
  name: "publish",
  usage: "FILE...",
  operands: { min: 1, max: Infinity },
  summary: "make the layered signature of a file beside it",
  details: `Makes FILE${SUFFIX} beside each FILE: its sums at several block lengths, and its SHA-256. Put both on a
server. Whoever has an older version finds out with few bytes what it is missing. A ${SUFFIX} that is
there is replaced.

A signature goes stale when its file changes afterwards: publish again, or find out with --check.`,
  examples: ["rsync-streams publish app.tar", "rsync-streams publish --check app.tar"],
  options: [CHECK, QUIET, STATISTICS, VERBOSE, VERSION, HELP],
  run,
};

async function run(invocation: Invocation): Promise<void> {
  const stale: string[] = [];
  for (const path of invocation.operands) {
    if (!invocation.options.get(CHECK)) await publishFile(path, invocation);
    else if (!await isFresh(path, invocation)) stale.push(path);
  }
  if (stale.length > 0) throw new CliError(EXIT.CORRUPT, `${stale.join(", ")}: the ${SUFFIX} does not fit the file`);
}

async function publishFile(path: string, invocation: Invocation): Promise<void> {
  const input = await openInput(path, invocation);
  await withOutput(path + SUFFIX, invocation, { isBinary: true, mayReplace: true }, async (output) => {
    const bar = await openProgress(output, invocation, input.size);
    const onProgress = bar && (({ bytesIn }: { bytesIn: number }) => bar.update(bytesIn));
    const stream = layeredSigStream({ fileLength: input.size, onProgress });
    const ms = await transfer(input.readable.pipeThrough(stream), output, bar, invocation);
    const { bytesIn, bytesOut, digest } = stream.stats;
    reportDetail(invocation, `publish of ${input.name}: SHA-256 ${digest}`);
    reportStatistics(invocation, `publish: ${bytesIn} bytes read, ${bytesOut} written`, bytesIn, ms);
  });
}

/** Whether a published signature is of the file beside it, by length and digest. */
async function isFresh(path: string, invocation: Invocation): Promise<boolean> {
  const { fileLength, digest } = await readFooter(path + SUFFIX);
  const hash = createSha256();
  let length = 0;
  for await (const chunk of fileReadable(path)) {
    invocation.signal?.throwIfAborted();
    hash.update(chunk);
    length += chunk.length;
  }
  const isSame = length === fileLength && hex(hash.digest()) === hex(digest);
  reportDetail(invocation, `${path}: the ${SUFFIX} ${isSame ? "fits" : "does not fit"}`);
  return isSame;
}

async function readFooter(path: string) {
  try {
    const file = await fileBasis(path);
    try {
      return (await LayeredSig.open(file)).footer;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw systemError("read", path, error);
  }
}
