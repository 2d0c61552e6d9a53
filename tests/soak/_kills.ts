/** Kills the command while it replaces a file, at random moments. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { cli, exec, inFolder, names, quiet, type Runtime } from "../_cli_runner.ts";
import { concat, type Random, randomBytes } from "../_recipes.ts";

/** Long enough that writing takes some milliseconds. */
const LENGTH = 8 * 2 ** 20;
/** Names of temporary files that the command may leave: docs of `atomicWritable`. */
const LITTER = /^\.made\.rsync-streams-\d+-[0-9a-z]+\.tmp$/;
/** The longest time between the start of writing and the kill, in milliseconds. */
const MAX_WRITING_MS = 60;

/** What was found after the kills. */
export interface Kills {
  /** The file was what it had been. */
  old: number;
  /** The file was replaced, and the process had not ended. */
  new: number;
  /** The process had ended before. */
  late: number;
  /** Temporary files that were left. */
  litter: number;
}

/**
 * Lets the command replace a file by one of two others, and kills it `count` times: half at a random moment of its run,
 * half after it began to write. The file is always one of the two, whole. Everything else in the folder is litter that
 * the next run recognizes.
 */
export async function killOften(runtime: Runtime, count: number, random: Random): Promise<Kills> {
  const kills: Kills = { old: 0, new: 0, late: 0, litter: 0 };
  const basis = randomBytes(1, LENGTH);
  const targets = [concat([basis, randomBytes(2, 1000)]), concat([randomBytes(3, 2000), basis])];
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/basis`, basis);
    await quiet(cli(runtime, ["signature", "basis", "sig"], folder));
    for (const [i, target] of targets.entries()) {
      await Deno.writeFile(`${folder}/target`, target);
      await quiet(cli(runtime, ["delta", "sig", "target", `delta${i}`], folder));
    }
    const start = performance.now();
    await quiet(cli(runtime, ["patch", "basis", "delta0", "made"], folder));
    const runMs = performance.now() - start;
    const others = await names(folder);
    let current = 0;
    for (let k = 0; k < count; k++) {
      const next = 1 - current;
      const killed = await killOnce(
        runtime,
        folder,
        `delta${next}`,
        k % 2 === 0 ? random.below(runMs + 1) : undefined,
        random,
      );
      const made = await Deno.readFile(`${folder}/made`);
      const seen = targets.findIndex((target) =>
        target.length === made.length && made.every((byte, i) => byte === target[i])
      );
      assert.notEqual(seen, -1, `kill ${k}: the file is neither the old one nor the new one, of ${made.length} bytes`);
      if (!killed) kills.late++;
      else kills[seen === current ? "old" : "new"]++;
      current = seen;
    }
    const left = (await names(folder)).filter((name) => !others.includes(name));
    for (const name of left) {
      assert.match(name, LITTER);
      // It counts as left behind once it is old.
      const hoursAgo = Date.now() / 1000 - 7200;
      await Deno.utime(`${folder}/${name}`, hoursAgo, hoursAgo);
    }
    kills.litter = left.length;
    await quiet(cli(runtime, ["patch", "-f", "basis", "delta0", "made"], folder));
    for (const name of (await names(folder)).filter((name) => !others.includes(name))) {
      // Its number may be that of another process by now: then it counts as in use.
      const { code } = await exec(["kill", "-0", /streams-(\d+)-/.exec(name)![1]!]);
      assert.equal(code, 0, `the next run has left ${name}`);
    }
  });
  return kills;
}

/** Starts a run and kills it: after so many milliseconds, or else some time after it began to write. */
async function killOnce(
  { command: [name, ...before] }: Runtime,
  folder: string,
  delta: string,
  afterMs: number | undefined,
  random: Random,
): Promise<boolean> {
  const args = [...before, "patch", "-f", "basis", delta, "made"];
  const child = new Deno.Command(name!, { args, cwd: folder, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  let isOver = false;
  const ended = child.status.finally(() => isOver = true);
  if (afterMs === undefined) {
    const isWriting = (name: string) => name.startsWith(`.made.rsync-streams-${child.pid}-`);
    while (!isOver && !(await names(folder)).some(isWriting)) await delay(1);
    await delay(random.below(MAX_WRITING_MS));
  } else await delay(afterMs);
  try {
    if (!isOver) child.kill("SIGKILL");
  } catch (error) {
    // It has just ended.
    if (!(error instanceof TypeError)) throw error;
  }
  return (await ended).signal === "SIGKILL";
}
