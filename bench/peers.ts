/**
 * Whole processes, file to file: this library in Deno, Node and Bun against rdiff, in turn.
 *
 *     deno task bench peers [--size MIB] [--rounds N] [--blocks 1024,16384]
 *                           [--only 'patch;delta, new'] [--runtimes deno,node,bun]
 *
 * Files lie in the folder for temporary files: `TMPDIR=/dev/shm` puts them into memory. Jobs named "real" take two
 * releases of a compiler as tars, which npm fetches. `--only` takes the start of a name too.
 */
import { rmSync, statSync, symlinkSync } from "node:fs";
import { parseArgs } from "node:util";
import { join } from "node:path";
import { packageTar } from "../scripts/package_tar.ts";
import { MIB, temporaryFolder, writeMoved, writeRandom } from "./_data.ts";
import { has, interleave, row, type Run, runOnce, type Side } from "./_run.ts";
import { bundle, findRuntimes } from "./_runtimes.ts";

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
  const script = bundle("job.ts", path("job.mjs"));
  writeRandom(path("basis"), 1, size);
  writeRandom(path("edited"), 1, size, 200);
  writeRandom(path("new"), 99, size);
  const hasPair = await linkPair(path);

  // A file that is replaced goes to the disk at once on some systems (ext4 does that), which is no work of either side.
  const removeOutputs = () => {
    for (const name of ["out", "out.theirs"]) rmSync(path(name), { force: true });
  };
  const runtimes = await findRuntimes(options.runtimes.split(","));

  console.log(
    `${options.size} MiB, least of ${options.rounds} runs in ${folder}; ratio: their time / our time, by the clock ` +
      "and of the processors\n",
  );
  console.log(row(["job", "block", "side", "MB/s", "peak MiB", "ratio to rdiff", "of processor time"]));
  console.log(row(Array(7).fill("---")));
  for (const block of options.blocks.split(",").map(Number)) {
    for (const job of jobs(path, hasPair)) {
      if (options.only && !options.only.split(";").some((name) => job.name.startsWith(name))) continue;
      const sides: Side[] = runtimes.map(({ name, command }) => ({
        name,
        command: [...command, script, ...job.ours(block)],
      }));
      if (hasRdiff) sides.unshift({ name: "rdiff", command: ["rdiff", "-f", ...job.theirs(block)] });
      await prepare(path, block, runtimes[0]!.command, script, hasRdiff, hasPair);
      report(
        job.name,
        block,
        statSync(path(job.file)).size,
        await interleave(sides, Number(options.rounds), removeOutputs),
      );
    }
  }
}

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
      theirs:
        () => ["patch", basis, path(`${real}delta.${kind === "moved" ? "moved." : ""}theirs`), path("out.theirs")],
    };
  };
  const real = [
    sig("real signature", {}, "real.basis"),
    sig("real signature, librsync", { format: "librsync" }, "real.basis"),
    delta("real delta", "real.target", "own", NO_DIGEST, "real."),
    delta("real delta, rollsum", "real.target", "rollsum", NO_DIGEST, "real."),
    delta("real delta, librsync", "real.target", "librsync", {}, "real."),
    patch("real patch, without digest", "plain", "real.target", "real."),
  ];
  return [
    ...(hasPair ? real : []),
    sig("signature, blake3", {}),
    sig("signature, with digest", { digest: true }),
    sig("signature, rollsum", ROLLSUM),
    sig("signature, librsync", { format: "librsync" }),
    ...["identical", "edited", "new"].flatMap((target) => {
      const file = target === "identical" ? "basis" : target;
      return [
        delta(`delta, ${target}, without digest`, file, "own", NO_DIGEST),
        delta(`delta, ${target}, with digest`, file, "own", {}),
        delta(`delta, ${target}, rollsum`, file, "rollsum", NO_DIGEST),
        delta(`delta, ${target}, librsync`, file, "librsync", {}),
      ];
    }),
    patch("patch, without digest", "plain"),
    patch("patch, with digest", "digest"),
    patch("patch, librsync", "librsync"),
    patch("patch, blocks in another order", "moved", "moved"),
  ];
}

const NO_DIGEST = { digest: false };
let prepared = 0;

/** Signatures and deltas that the jobs read. */
async function prepare(
  path: (name: string) => string,
  block: number,
  runtime: string[],
  script: string,
  hasRdiff: boolean,
  hasPair: boolean,
) {
  if (prepared === block) return;
  prepared = block;
  for (const real of hasPair ? ["", "real."] : [""]) {
    const basis = path(`${real}basis`);
    const target = path(real ? "real.target" : "edited");
    const at = (name: string) => path(`${real}${name}`);
    const ours = (...args: string[]) => runOnce([...runtime, script, ...args]);
    const sig = (kind: string, extra: object) =>
      ours("signature", basis, at(`sig.${kind}`), JSON.stringify({ blockLength: block, ...extra }));
    await sig("own", {});
    await sig("rollsum", ROLLSUM);
    await sig("librsync", { format: "librsync" });
    await ours("delta", at("sig.own"), target, at("delta.plain"), JSON.stringify(NO_DIGEST));
    await ours("delta", at("sig.own"), target, at("delta.digest"), "{}");
    await ours("delta", at("sig.librsync"), target, at("delta.librsync"), "{}");
    if (!real) {
      writeMoved(basis, path("moved"), block);
      await ours("delta", at("sig.own"), path("moved"), at("delta.moved"), JSON.stringify(NO_DIGEST));
    }
    if (!hasRdiff) continue;
    await runOnce(["rdiff", "-f", "-b", String(block), "signature", basis, at("sig.theirs")]);
    await runOnce(["rdiff", "-f", "delta", at("sig.theirs"), target, at("delta.theirs")]);
    if (!real) await runOnce(["rdiff", "-f", "delta", at("sig.theirs"), path("moved"), at("delta.moved.theirs")]);
  }
}

function report(job: string, block: number, size: number, runs: Map<string, Run[]>): void {
  const least = (list: readonly Run[], of: "seconds" | "cpuSeconds") => Math.min(...list.map((run) => run[of]));
  const theirs = runs.get("rdiff");
  const ratio = (list: readonly Run[], of: "seconds" | "cpuSeconds") =>
    theirs && list !== theirs ? (least(theirs, of) / least(list, of)).toFixed(2) : "";
  for (const [side, list] of runs) {
    const rate = (size / 1e6 / least(list, "seconds")).toFixed(0);
    const peak = (Math.max(...list.map((run) => run.peak)) / MIB).toFixed(0);
    console.log(row([job, block, side, rate, peak, ratio(list, "seconds"), ratio(list, "cpuSeconds")]));
  }
}
