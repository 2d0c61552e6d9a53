/** Signals end the command as they end any other, and it leaves nothing. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { assertFile, BASIS, test } from "./_cli_cases.ts";
import { cli, exec, fails, names, quiet, quoteWords, type Runtime, start } from "./_cli_runner.ts";
import { runtimes } from "./_cli_runtimes.ts";
import { until } from "./_until.ts";

/** Those that end a process and can be caught. */
const SIGNALS: readonly Deno.Signal[] = [
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGQUIT",
  "SIGABRT",
  "SIGALRM",
  "SIGXCPU",
  "SIGUSR2",
  "SIGVTALRM",
];

/** Those that do so on Linux alone. POLL is another name of IO. */
const LINUX_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "linux" ? ["SIGIO", "SIGPWR", "SIGSTKFLT"] : [];

/** Bun has PWR to collect garbage, and cannot listen for STKFLT. USR1 ends nothing but Bun. */
function signalsOf({ name }: Runtime): readonly Deno.Signal[] {
  const all = [...SIGNALS, ...LINUX_SIGNALS];
  if (name !== "Bun") return all;
  return [...all.filter((signal) => signal !== "SIGPWR" && signal !== "SIGSTKFLT"), "SIGUSR1"];
}

/** Deno cannot end by these once it has listened for them: the command exits with the code that a shell shows. */
const EXIT_CODES: Partial<Record<Deno.Signal, number>> = { SIGIO: 157, SIGPWR: 158, SIGSTKFLT: 144 };

/** Node sets every signal back to its default when it starts. */
const heedsIgnored = ({ name }: Runtime) => name !== "Node";

/** Waits until there is a temporary file. */
async function untilWriting(folder: string): Promise<void> {
  await until("a temporary file", async () => (await names(folder)).some((name) => name.startsWith(".sig")));
}

/** A command that starts with signals ignored, as `nohup` and a shell do it. */
function ignoring(signals: string, { name, command }: Runtime): Runtime {
  return { name, command: ["sh", "-c", `trap '' ${signals}; exec ${quoteWords(command)} "$@"`, "sh"] };
}

for (const runtime of runtimes) {
  for (const signal of signalsOf(runtime)) {
    test(`in ${runtime.name} leaves nothing when ${signal} ends it`, async (folder) => {
      await Deno.writeTextFile(`${folder}/sig`, "what was there");
      const process = start(runtime, ["signature", "-f", "-b", "64", "-", "sig"], folder);
      const writer = process.stdin.getWriter();
      for (let i = 0; i < 4; i++) await writer.write(BASIS);
      // The pipe stays open, so that only the signal ends the run.
      await untilWriting(folder);
      process.kill(signal);
      const status = await process.status;
      await writer.close().catch(() => {});
      const exitCode = runtime.name === "Deno" ? EXIT_CODES[signal] : undefined;
      if (exitCode === undefined) assert.equal(status.signal, signal);
      else assert.equal(status.code, exitCode);
      assert.deepEqual(await names(folder), ["basis", "sig", "target"]);
      assert.equal(await Deno.readTextFile(`${folder}/sig`), "what was there");
    });
  }

  test(`in ${runtime.name} sees a signal before the end of a pipe that comes with it`, async (folder) => {
    for (let round = 0; round < 8; round++) {
      const process = start(runtime, ["patch", "basis", "-", "sig"], folder);
      const writer = process.stdin.getWriter();
      await untilWriting(folder);
      // While it stands still both come, as they do when Ctrl-C ends a pipeline. An empty delta is an error.
      process.kill("SIGSTOP");
      process.kill("SIGINT");
      await writer.close();
      process.kill("SIGCONT");
      const { signal, code } = await process.status;
      assert.equal(signal, "SIGINT", `round ${round}: code ${code}`);
      assert.deepEqual(await names(folder), ["basis", "target"]);
    }
  });

  test(`in ${runtime.name} removes what a killed run has left, and nothing of one that lives`, async (folder) => {
    const isTemporary = (name: string) => name.endsWith(".tmp");
    const [killed, living] = [1, 2].map(() => start(runtime, ["signature", "-", "sig"], folder));
    await until("two temporary files", async () => (await names(folder)).filter(isTemporary).length === 2);
    killed!.kill("SIGKILL");
    await killed!.status;
    await quiet(cli(runtime, ["signature", "basis", "sig"], folder));
    const left = (await names(folder)).filter(isTemporary);
    assert.equal(left.length, 1);
    assert.ok(left[0]!.startsWith(`.sig.rsync-streams-${living!.pid}-`), left.join());
    living!.kill("SIGTERM");
    await living!.status;
    for (const { stdin } of [killed!, living!]) await stdin.close().catch(() => {});
    assert.deepEqual(await names(folder), ["basis", "sig", "target"]);
  }, Deno.build.os !== "linux");

  test(`in ${runtime.name} leaves nothing when a signal ends it before the signature has been read`, async (folder) => {
    const process = start(runtime, ["delta", "-", "target", "sig"], folder);
    await untilWriting(folder);
    process.kill("SIGTERM");
    assert.equal((await process.status).signal, "SIGTERM");
    await process.stdin.close().catch(() => {});
    assert.deepEqual(await names(folder), ["basis", "target"]);
  });

  test(`in ${runtime.name} says that a file would be too large, and leaves nothing`, async (folder) => {
    const process = start(runtime, ["signature", "-b", "64", "-", "sig"], folder, "piped");
    const ended = process.output();
    // The limit comes after the start: a runtime that is used for the first time writes caches larger than it.
    await untilWriting(folder);
    await quiet(exec(["prlimit", `--pid=${process.pid}`, `--fsize=${16 * 1024}`]));
    const writer = process.stdin.getWriter();
    await writer.write(BASIS).then(() => writer.close()).catch(() => {});
    const { code, stderr } = await ended;
    await fails({ code, stderr: new TextDecoder().decode(stderr) }, 100, /sig: the file would be too large/);
    assert.deepEqual(await names(folder), ["basis", "target"]);
  }, Deno.build.os !== "linux");

  test(`in ${runtime.name} goes on after signals that it was started to ignore`, async (folder) => {
    await quiet(cli(runtime, ["signature", "--rdiff", "basis", "expected"], folder));
    const process = start(ignoring("HUP INT QUIT", runtime), ["signature", "--rdiff", "-b", "384", "-", "sig"], folder);
    const writer = process.stdin.getWriter();
    await writer.write(BASIS.subarray(0, 100_000));
    await untilWriting(folder);
    for (const signal of ["SIGHUP", "SIGINT", "SIGQUIT"] as const) process.kill(signal);
    await delay(200);
    await writer.write(BASIS.subarray(100_000));
    await writer.close();
    assert.deepEqual((await process.status).signal, null);
    await assertFile(`${folder}/sig`, await Deno.readFile(`${folder}/expected`));
  }, !heedsIgnored(runtime) || Deno.build.os !== "linux");
}
