/** Keys and pipes in a real terminal: Ctrl-C, and a reader that goes away. */
import assert from "node:assert/strict";
import { BASIS, TARGET, test } from "./_cli_cases.ts";
import { cli, DENO, exec, names, quiet, quoteWords, requireProgram, type Runtime, shellScript } from "./_cli_runner.ts";
import { runtimes } from "./_cli_runtimes.ts";
import { randomBytes } from "./_recipes.ts";
import { until } from "./_until.ts";

/** The program `script` of other systems has other options. */
const isLinux = Deno.build.os === "linux";
const hasTerminal = isLinux && await requireProgram("script", "keys in a terminal");
if (!isLinux) console.warn("\nSKIPPED: keys in a terminal: this is not Linux\n");

const OLD = "what was there";

/** A script of the shell in a terminal of its own, in which `cli` is the command. `exec cli` replaces the shell. */
class Terminal implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array>;
  readonly #text: Promise<string>;

  constructor(runtime: Runtime, script: string, cwd: string) {
    const direct = script.replace(/^exec cli/, `exec ${quoteWords(runtime.command)}`);
    const args = ["-qec", shellScript(runtime, direct), "/dev/null"];
    const options = { args, cwd, stdin: "piped", stdout: "piped", stderr: "null" } as const;
    this.#process = new Deno.Command("script", options).spawn();
    this.#keys = this.#process.stdin.getWriter();
    this.#text = new Response(this.#process.stdout).text();
  }

  async pressCtrlC(): Promise<void> {
    await this.#keys.write(Uint8Array.of(3));
  }

  /** Waits for the end. Returns the exit code, as a shell shows it, and what the terminal has shown. */
  async end(): Promise<{ code: number; text: string }> {
    const { code } = await this.#process.status;
    await this.#keys.close().catch(() => {});
    return { code, text: await this.#text };
  }

  /** Ends it, if a test has failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.end();
  }
}

/** Makes a signature and a delta, and a file that a run would replace. */
async function prepare(folder: string): Promise<string[]> {
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "sig", "target", "delta"], folder));
  await Deno.writeTextFile(`${folder}/made`, OLD);
  await quiet(exec(["mkfifo", "slow"], folder));
  return await names(folder);
}

/** Commands whose input comes from a pipe that stays open, and what comes through it. */
const INTERRUPTED: Record<string, [script: string, input: (folder: string) => Promise<Uint8Array>]> = {
  "delta": ["exec cli delta -f sig - made <slow", () => Promise.resolve(TARGET)],
  "patch": ["exec cli patch -f basis - made <slow", async (folder) => {
    return (await Deno.readFile(`${folder}/delta`)).slice(0, -1);
  }],
  // The key ends `cat` at once: what it has written is not the whole file.
  "signature in a pipeline": ["cat slow | cli signature -f - made", () => Promise.resolve(TARGET)],
  "patch in a pipeline": ["cat slow | cli delta sig - | cli patch -f basis - made", () => Promise.resolve(TARGET)],
};

for (const runtime of hasTerminal ? runtimes : []) {
  for (const [name, [script, input]] of Object.entries(INTERRUPTED)) {
    test(`in ${runtime.name} Ctrl-C ends ${name} with 130, and leaves the old file and no other`, async (folder) => {
      const before = await prepare(folder);
      // For both, so that opening waits for nobody and the pipe stays open.
      using slow = await Deno.open(`${folder}/slow`, { read: true, write: true });
      await using terminal = new Terminal(runtime, script, folder);
      const bytes = await input(folder);
      const writing = slow.write(bytes.subarray(0, 60_000));
      await until("a temporary file", async () => (await names(folder)).some((name) => name.startsWith(".made")));
      await terminal.pressCtrlC();
      const { code, text } = await terminal.end();
      assert.equal(code, 130, text);
      await writing;
      assert.deepEqual(await names(folder), before);
      assert.equal(await Deno.readTextFile(`${folder}/made`), OLD);
      assert.doesNotMatch(text, /rsync-streams:|Error|\bat /);
    });
  }

  for (const script of ["signature -b 16 long", "delta sig long", "patch -q long copies"]) {
    test(`in ${runtime.name} ${script.split(" ")[0]} ends quietly when head has what it wants`, async (folder) => {
      // More than a pipe holds, so that the command has to notice.
      await Deno.writeFile(`${folder}/long`, randomBytes(9, 2_000_000));
      await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
      await quiet(cli(DENO, ["signature", "--format", "librsync", "long", "long.sig"], folder));
      await quiet(cli(DENO, ["delta", "long.sig", "long", "copies"], folder));
      await using terminal = new Terminal(runtime, `{ cli ${script}; echo $? >code; } | head -c 1 >/dev/null`, folder);
      const { code, text } = await terminal.end();
      assert.equal(code, 0, text);
      // As of a program that SIGPIPE has ended.
      assert.equal(await Deno.readTextFile(`${folder}/code`), "141\n", text);
      assert.doesNotMatch(text, /rsync-streams:|Error|EPIPE/);
    });
  }
}

test("a program that SIGPIPE or Ctrl-C ends has the same codes", async (folder) => {
  const other = { name: "cat", command: ["cat"] };
  await using piped = new Terminal(other, "{ cli /dev/zero; echo $? >code; } | head -c 1 >/dev/null", folder);
  assert.equal((await piped.end()).code, 0);
  assert.equal(await Deno.readTextFile(`${folder}/code`), "141\n");
  await using terminal = new Terminal(other, ": >started; exec cat", folder);
  await until("a start", async () => (await names(folder)).includes("started"));
  await terminal.pressCtrlC();
  assert.equal((await terminal.end()).code, 130);
  assert.equal((await Deno.readFile(`${folder}/basis`)).length, BASIS.length);
}, !hasTerminal);
