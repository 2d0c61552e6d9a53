/**
 * Whole processes, file to file: this library in Deno, Node and Bun against rdiff, in turn.
 *
 *     deno task bench peers [--size MIB] [--rounds N] [--blocks 1024,16384]
 *                           [--only 'patch;delta, new, anchor'] [--runtimes deno,node,bun]
 *
 * Jobs named "real" take two releases of a compiler as tars, which npm fetches. `--only` takes the start of a name too.
 */
import { spawnSync } from "node:child_process";
import { rmSync, statSync, symlinkSync } from "node:fs";
import { parseArgs } from "node:util";
import { join } from "node:path";
import process from "node:process";
import { packageTar } from "../scripts/package_tar.ts";
import { MIB, temporaryFolder, writeRandom } from "./_data.ts";
import { has, interleave, median, row, runOnce, type Side } from "./_run.ts";

/** How a runtime runs the bundled job. */
const RUNTIMES: Record<string, string[]> = {
  deno: [process.execPath, "run", "-A", "--no-config"],
  node: ["node"],
  bun: ["bun"],
};

/** What is compared: our options for a job, and rdiff's. */
interface Job {
  name: string;
  ours: (block: number) => string[];
  theirs: (block: number) => string[];
  /** Bytes that the job goes over. */
  file: string;
}

export async function peers(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      size: { type: "string", default: "256" },
      rounds: { type: "string", default: "5" },
      blocks: { type: "string", default: "1024,16384" },
      only: { type: "string" },
      runtimes: { type: "string", default: "deno,node,bun" },
    },
  });
  const hasRdiff = await has(["rdiff", "--version"]);
  if (!hasRdiff) console.error("rdiff is missing (Debian: apt-get install rdiff): only our side is measured");
  const folder = temporaryFolder();
  try {
    await compare(folder.path, values, hasRdiff);
  } finally {
    folder.remove();
  }
}

type Options = { size: string; rounds: string; blocks: string; only?: string | undefined; runtimes: string };

async function compare(folder: string, options: Options, hasRdiff: boolean): Promise<void> {
  const path = (name: string) => join(folder, name);
  const size = Number(options.size) * MIB;
  const bundle = bundleJob(path("job.mjs"));
  writeRandom(path("basis"), 1, size);
  writeRandom(path("edited"), 1, size, 200);
  writeRandom(path("new"), 99, size);
  const hasPair = await linkPair(path);

  // A file that is replaced goes to the disk at once on some systems (ext4 does that), which is no work of either side.
  const removeOutputs = () => {
    for (const name of ["out", "out.theirs"]) rmSync(path(name), { force: true });
  };
  const runtimes = [];
  for (const name of options.runtimes.split(",")) {
    const command = await findRuntime(name);
    if (command) runtimes.push({ name, command });
    else console.error(`${name} is missing`);
  }

  console.log(
    `${options.size} MiB, rounds ${options.rounds}, medians of wall-clock time; ratio: their time / our time\n`,
  );
  console.log(row(["job", "block", "side", "MB/s", "peak MiB", "ratio to rdiff"]));
  console.log(row(Array(6).fill("---")));
  for (const block of options.blocks.split(",").map(Number)) {
    for (const job of jobs(path, hasPair)) {
      if (options.only && !options.only.split(";").some((name) => job.name.startsWith(name))) continue;
      const sides: Side[] = runtimes.map(({ name, command }) => ({
        name,
        command: [...command, bundle, ...job.ours(block)],
      }));
      if (hasRdiff) sides.unshift({ name: "rdiff", command: ["rdiff", "-f", ...job.theirs(block)] });
      await prepare(path, block, runtimes[0]!.command, bundle, hasRdiff, hasPair);
      report(
        job.name,
        block,
        statSync(path(job.file)).size,
        await interleave(sides, Number(options.rounds), removeOutputs),
      );
    }
  }
}

const ANCHOR = { weakSum: "anchor" };
const ROLLSUM = { weakSum: "rollsum" };

/** Two releases of a compiler, 66 MB of text each. */
const PAIR = ["typescript", "4.9.4", "4.9.5"] as const;

/** Puts the real pair into the folder. False if npm does not bring it. */
async function linkPair(path: (name: string) => string): Promise<boolean> {
  try {
    const [pack, basis, target] = PAIR;
    symlinkSync(await packageTar(pack, basis), path("real.basis"));
    symlinkSync(await packageTar(pack, target), path("real.target"));
    return true;
  } catch (error) {
    console.error(`the real pair is missing: ${(error as Error).message}`);
    return false;
  }
}

function jobs(path: (name: string) => string, hasPair: boolean): Job[] {
  const sig = (name: string, extra: object, basis = "basis"): Job => ({
    name,
    file: basis,
    ours: (blockLength) => ["signature", path(basis), path("out"), JSON.stringify({ blockLength, ...extra })],
    theirs: (block) => ["-b", String(block), "signature", path(basis), path("out.theirs")],
  });
  const delta = (name: string, target: string, kind: string, extra: object, real = ""): Job => ({
    name,
    file: target,
    ours: () => ["delta", path(`${real}sig.${kind}`), path(target), path("out"), JSON.stringify(extra)],
    theirs: () => ["delta", path(`${real}sig.theirs`), path(target), path("out.theirs")],
  });
  const patch = (name: string, kind: string, target = "edited", real = ""): Job => {
    const basis = path(`${real}basis`);
    return {
      name,
      file: target,
      ours: () => ["patch", basis, path(`${real}delta.${kind}`), path("out"), "{}"],
      theirs: () => ["patch", basis, path(`${real}delta.theirs`), path("out.theirs")],
    };
  };
  const real = [
    sig("real signature, anchor, blake3", ANCHOR, "real.basis"),
    sig("real signature, librsync", { format: "librsync" }, "real.basis"),
    delta("real delta, anchor", "real.target", "anchor", NO_DIGEST, "real."),
    delta("real delta, rollsum", "real.target", "rollsum", NO_DIGEST, "real."),
    delta("real delta, librsync", "real.target", "librsync", {}, "real."),
    patch("real patch, without digest", "plain", "real.target", "real."),
  ];
  return [
    ...(hasPair ? real : []),
    sig("signature, anchor, blake3", ANCHOR),
    sig("signature, anchor, blake2sp", { ...ANCHOR, strongSum: "blake2sp" }),
    sig("signature, rollsum, blake3", ROLLSUM),
    sig("signature, librsync", { format: "librsync" }),
    ...["identical", "edited", "new"].flatMap((target) => {
      const file = target === "identical" ? "basis" : target;
      return [
        delta(`delta, ${target}, anchor`, file, "anchor", NO_DIGEST),
        delta(`delta, ${target}, anchor, with digest`, file, "anchor", {}),
        delta(`delta, ${target}, rollsum`, file, "rollsum", NO_DIGEST),
        delta(`delta, ${target}, librsync`, file, "librsync", {}),
      ];
    }),
    patch("patch, without digest", "plain"),
    patch("patch, with digest", "digest"),
    patch("patch, librsync", "librsync"),
  ];
}

const NO_DIGEST = { digest: false };
let prepared = 0;

/** Signatures and deltas that the jobs read. */
async function prepare(
  path: (name: string) => string,
  block: number,
  runtime: string[],
  bundle: string,
  hasRdiff: boolean,
  hasPair: boolean,
) {
  if (prepared === block) return;
  prepared = block;
  for (const real of hasPair ? ["", "real."] : [""]) {
    const basis = path(`${real}basis`);
    const target = path(real ? "real.target" : "edited");
    const at = (name: string) => path(`${real}${name}`);
    const ours = (...args: string[]) => runOnce([...runtime, bundle, ...args]);
    const sig = (kind: string, extra: object) =>
      ours("signature", basis, at(`sig.${kind}`), JSON.stringify({ blockLength: block, ...extra }));
    await sig("anchor", ANCHOR);
    await sig("rollsum", ROLLSUM);
    await sig("librsync", { format: "librsync" });
    await ours("delta", at("sig.anchor"), target, at("delta.plain"), JSON.stringify(NO_DIGEST));
    await ours("delta", at("sig.anchor"), target, at("delta.digest"), "{}");
    await ours("delta", at("sig.librsync"), target, at("delta.librsync"), "{}");
    if (!hasRdiff) continue;
    await runOnce(["rdiff", "-f", "-b", String(block), "signature", basis, at("sig.theirs")]);
    await runOnce(["rdiff", "-f", "delta", at("sig.theirs"), target, at("delta.theirs")]);
  }
}

function report(
  job: string,
  block: number,
  size: number,
  runs: Map<string, { seconds: number; peak: number }[]>,
): void {
  const theirs = runs.has("rdiff") ? median(runs.get("rdiff")!.map(({ seconds }) => seconds)) : NaN;
  for (const [side, list] of runs) {
    const seconds = median(list.map((run) => run.seconds));
    const peak = Math.max(...list.map((run) => run.peak)) / MIB;
    const ratio = side === "rdiff" ? "" : (theirs / seconds).toFixed(2);
    console.log(row([job, block, side, (size / 1e6 / seconds).toFixed(0), peak.toFixed(0), ratio]));
  }
}

/** One file of plain JavaScript that all runtimes run. */
function bundleJob(outfile: string): string {
  const root = new URL("..", import.meta.url).pathname;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["bundle", "--platform", "deno", "--config", join(root, "deno.json"), "-o", outfile, join(root, "bench/job.ts")],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`the job does not bundle: ${stderr}`);
  return outfile;
}

/** The command of a runtime, brought by npm if it is not there. */
async function findRuntime(name: string): Promise<string[] | undefined> {
  if (await has([RUNTIMES[name]![0]!, "--version"])) return RUNTIMES[name];
  if (name !== "bun") return undefined;
  const { status, stdout } = spawnSync("npx", ["-y", "-p", "bun", "which", "bun"], { encoding: "utf8" });
  return status === 0 ? [stdout.trim()] : undefined;
}
