/**
 * Shows the main job on real files: a client with an old file updates it over HTTP from a server with a new one.
 *
 *     deno task demo --help
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { openProgressBar } from "../src/cli/progress_bar.ts";
import { demoFiles } from "./_demo_files.ts";
import { report } from "./_demo_report.ts";
import { measureSteps, verifyEqual } from "./_demo_steps.ts";
import { syncOverHttp } from "./_demo_sync.ts";

const HELP = `Updates a file over HTTP on this machine, and reports what crossed the wire.

  deno task demo [options] [BASIS TARGET]

A server on 127.0.0.1 has the target, a client has the basis. The client sends the signature of its file, the server
answers with the delta, the client patches into a temporary file and compares that with the target. BASIS and TARGET are
only read. Without them, two releases of the npm package typescript are fetched with npm and kept in .cache/demo.

  --block-length N  bytes of a block: smaller ones find more, and make a longer signature (1024)
  --no-steps        leave out timing each step by itself, which does the work a second time
  --help            show this`;

class UsageError extends Error {}

function parse() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        "block-length": { type: "string" },
        "no-steps": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const length = values["block-length"];
    if (length !== undefined && !/^\d+$/.test(length)) {
      throw new UsageError(`--block-length takes a number, not "${length}"`);
    }
    if (positionals.length !== 0 && positionals.length !== 2) throw new UsageError("Two files are needed, or none");
    // `deno task` runs in the folder of deno.json; paths are meant from where it was called.
    const paths = positionals.map((path) => resolve(process.env.INIT_CWD ?? ".", path));
    return {
      help: values.help,
      hasSteps: !values["no-steps"],
      blockLength: length ? Number(length) : undefined,
      paths,
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message);
  }
}

async function checkFile(path: string): Promise<number> {
  const found = await stat(path).catch((error) => {
    throw new Error(`Cannot read ${path}: ${error.code === "ENOENT" ? "there is no such file" : error.message}`);
  });
  if (!found.isFile()) throw new Error(`Cannot read ${path}: it is not a regular file`);
  return found.size;
}

function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

async function main(): Promise<void> {
  const { help, hasSteps, blockLength, paths } = parse();
  if (help) return console.log(HELP);

  const folder = await mkdtemp(join(tmpdir(), "rsync-streams-demo-"));
  const onInterrupt = () => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  };
  process.once("SIGINT", onInterrupt);
  try {
    const [basis, target] = paths as [string, string] | [];
    const files = basis && target ? { basis, target, what: undefined } : await demoFiles(folder);
    const [basisLength, targetLength] = [await checkFile(files.basis), await checkFile(files.target)];
    const job = { ...files, result: join(folder, "result"), blockLength };

    const bar = await openProgressBar(basisLength + targetLength);
    const sync = await syncOverHttp({
      ...job,
      onSig: (stats) => bar?.update(stats.bytesIn, "signature"),
      onPatch: (stats) => bar?.update(basisLength + stats.bytesOut, "delta and patch"),
    }).finally(() => bar?.stop());
    const sha256 = await verifyEqual(job.result, files.target);
    const steps = hasSteps ? await measureSteps(folder, job) : [];
    const shown = { basis: shortPath(files.basis), target: shortPath(files.target) };
    console.log(report({ ...shown, what: files.what, basisLength, targetLength, sync, steps, sha256 }));
  } finally {
    process.off("SIGINT", onInterrupt);
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}. See: deno task demo --help` : `Failed: ${describe(error)}`);
  process.exitCode = isUsage ? 2 : 1;
}

/** The message with those of its causes: `fetch` reports why a body failed only in the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause ? `${error.message}: ${describe(error.cause)}` : error.message;
}
