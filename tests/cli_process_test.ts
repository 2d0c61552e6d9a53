/** The command as a process of Deno: which signals end it, with and without the permission to ask the system. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { BASIS, test } from "./_cli_cases.ts";
import { cli, DENO, names, quoteWords, type Runtime, start } from "./_cli_runner.ts";

const isLinux = Deno.build.os === "linux";
const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Deno with permission for the files alone, so that it cannot ask which signals are ignored. */
function limited(folder: string): Runtime {
  const [program, , , ...rest] = DENO.command;
  return {
    name: "Deno",
    command: [program!, "run", `--allow-read=${folder},${ROOT}`, `--allow-write=${folder}`, ...rest],
  };
}

/** A command that starts with signals ignored, as `nohup` and a shell do it. */
function ignoring(signals: string, { name, command }: Runtime): Runtime {
  return { name, command: ["sh", "-c", `trap '' ${signals}; exec ${quoteWords(command)} "$@"`, "sh"] };
}

interface Case {
  readonly runtime: (folder: string) => Runtime;
  readonly signal: Deno.Signal;
  readonly endsIt: boolean;
  /** What it exits with if it does not end by the signal, as Deno cannot by some. */
  readonly exitCode?: number;
}

const CASES: Record<string, Case> = {
  "a signal ends it": { runtime: () => DENO, signal: "SIGHUP", endsIt: true },
  "a signal that other systems lack ends it": { runtime: () => DENO, signal: "SIGPWR", endsIt: true, exitCode: 158 },
  "a signal that was ignored does not end it": {
    runtime: () => ignoring("HUP", DENO),
    signal: "SIGHUP",
    endsIt: false,
  },
  "another one that was not ignored ends it": {
    runtime: () => ignoring("HUP INT", DENO),
    signal: "SIGQUIT",
    endsIt: true,
  },
  "without permission to ask, HUP is taken for ignored where no output is a terminal": {
    runtime: limited,
    signal: "SIGHUP",
    endsIt: false,
  },
  "without permission to ask, others end it": { runtime: limited, signal: "SIGTERM", endsIt: true },
};

for (const [name, { runtime, signal, endsIt, exitCode }] of Object.entries(CASES)) {
  test(`as a process: ${name}`, async (folder) => {
    const process = start(runtime(folder), ["signature", "-b", "64", "-", "sig"], folder);
    const writer = process.stdin.getWriter();
    await writer.write(BASIS.subarray(0, 100_000));
    // Its temporary file shows that it listens.
    for (let i = 0; !(await names(folder)).some((name) => name.startsWith(".sig")); i++) {
      assert.ok(i < 3_000, "it does not start");
      await delay(20);
    }
    process.kill(signal);
    if (!endsIt) {
      await delay(100);
      await writer.write(BASIS.subarray(100_000));
      await writer.close();
    }
    const status = await process.status;
    await writer.close().catch(() => {});
    if (endsIt && exitCode === undefined) assert.equal(status.signal, signal);
    else assert.deepEqual([status.signal, status.code], [null, exitCode ?? 0]);
    assert.deepEqual(await names(folder), endsIt ? ["basis", "target"] : ["basis", "sig", "target"]);
  }, !isLinux);
}

test("as a process: exits with the code that runCli() returns", async (folder) => {
  assert.equal((await cli(DENO, ["info", "none"], folder)).code, 100);
  assert.equal((await cli(DENO, ["info"], folder, Uint8Array.of(1, 2, 3, 4, 5))).code, 104);
  assert.equal((await cli(DENO, ["--version"], folder)).code, 0);
});
