import { type CommandLine, parseCommandLine } from "./_command_line.ts";
import { delta } from "./_delta.ts";
import { EXIT, explain } from "./_exit.ts";
import { helpText, versionText } from "./_help.ts";
import { info, print } from "./_info.ts";
import type { Command } from "./_options.ts";
import { patch } from "./_patch.ts";
import type { Invocation } from "./_run.ts";
import { signature } from "./_signature.ts";
import { say } from "./_stdio.ts";
import { transcode } from "./_transcode.ts";

const WORK: Readonly<Record<Command, (invocation: Invocation) => Promise<void>>> = {
  signature,
  delta,
  patch,
  info,
  transcode,
};

/** Options of {@linkcode runCli}. */
export interface RunCliOptions {
  /** Ends the run early: no output file is left, and one that was there stays as it was. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs the command.
 *
 * It reads and writes the files and the standard streams that the arguments name. What goes wrong is told on the
 * standard error in one line, and by the exit code; nothing is thrown.
 *
 * @param args Arguments, without the names of runtime and program.
 * @param options Signal.
 * @returns The exit code: 0 if all went well, else one of rdiff's, from 100 to 108, or 141 if nobody reads the output.
 *
 * @example The signature of a file
 * ```ts
 * import { runCli } from "rsync-streams/cli";
 * import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import assert from "node:assert/strict";
 *
 * const folder = await mkdtemp(join(tmpdir(), "rsync-streams-"));
 * const [basis, sig] = [join(folder, "basis"), join(folder, "sig")];
 * await writeFile(basis, "a line\n".repeat(100));
 *
 * assert.equal(await runCli(["signature", "-b", "100", basis, sig]), 0);
 * assert.equal((await readFile(sig)).length, 12 + 7 * 36);
 * await rm(folder, { recursive: true });
 * ```
 */
export async function runCli(args: readonly string[], options: RunCliOptions = {}): Promise<number> {
  const { signal } = options;
  let isVerbose = false;
  try {
    const line = parseCommandLine(args);
    isVerbose = line.options.verbose === true;
    await run(line, signal);
    return EXIT.OK;
  } catch (error) {
    // Whoever ended the run knows why.
    if (signal?.aborted) return EXIT.INTERNAL;
    const { exitCode, message } = explain(error);
    if (message !== undefined) say(message);
    if (message !== undefined && isVerbose) say(details(error));
    return exitCode;
  }
}

async function run({ command, operands, options }: CommandLine, signal: AbortSignal | undefined): Promise<void> {
  if (options.help) return await print(helpText(command));
  if (options.version) return await print(versionText());
  await WORK[command!]({ operands, options, signal });
}

/** Where a failure comes from. */
function details(error: unknown): string {
  const { stack, cause } = error instanceof Error ? error : { stack: String(error), cause: undefined };
  return cause === undefined ? `${stack}` : `${stack}\ncaused by ${details(cause)}`;
}
