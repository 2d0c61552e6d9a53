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
import { verifyEqual } from "./_demo_verify.ts";
import { measure, WAYS } from "./_demo_ways.ts";

const HELP = `Updates a file over HTTP on this machine, and reports what crossed the wire.

  deno task demo [options] [BASIS TARGET]

A server on 127.0.0.1 has the target, a client has the basis. It updates a copy in three ways: from a static host with a
published signature, from a handler, which also compresses, and the classic way, where the client sends a signature and
gets a delta. Each result is compared with the target. BASIS and TARGET are only read. Without them, two releases of the
npm package typescript are fetched with npm and kept in .cache/demo.

  --help  show this`;

class UsageError extends Error {}

function parse() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (positionals.length !== 0 && positionals.length !== 2) throw new UsageError("Two files are needed, or none");
    // `deno task` runs in the folder of deno.json; paths are meant from where it was called.
    const paths = positionals.map((path) => resolve(process.env.INIT_CWD ?? ".", path));
    return { help: values.help, paths };
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
  const { help, paths } = parse();
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
    const result = join(folder, "result");

    const bar = process.stderr.isTTY ? await openProgressBar(WAYS.length * targetLength, "demo") : undefined;
    const ways = [];
    let sha256 = "";
    for (const [i, way] of WAYS.entries()) {
      const onProgress = (bytesOut: number) => bar?.update(i * targetLength + bytesOut, way.name);
      const traffic = await measure(way, { ...files, result, onProgress }).catch((error) => {
        bar?.stop();
        throw error;
      });
      ways.push({ name: way.name, traffic });
      sha256 = await verifyEqual(result, files.target);
    }
    bar?.stop();
    const shown = { basis: shortPath(files.basis), target: shortPath(files.target) };
    console.log(report({ ...shown, what: files.what, basisLength, targetLength, ways, sha256 }));
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
