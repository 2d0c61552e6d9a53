import process from "node:process";
import { type CommandLine, parseCommandLine } from "./_command_line.ts";
import type { Dialect } from "./_command_spec.ts";
import { dialectOf } from "./_dialects.ts";
import { EXIT } from "./_errors.ts";
import { helpText, versionText } from "./_help.ts";
import { reportFailure } from "./_report.ts";
import { HELP, VERBOSE, VERSION } from "./_shared_options.ts";
import { print } from "./_stdio.ts";
import { styleOf } from "./_style.ts";

/**
 * Options of {@linkcode runCli}.
 *
 * @example Stopped before it starts
 * ```ts
 * import { runCli, type RunCliOptions } from "rsync-streams/cli";
 * import assert from "node:assert/strict";
 *
 * const options: RunCliOptions = { signal: AbortSignal.abort() };
 * assert.notEqual(await runCli(["signature", "basis", "sig"], options), 0);
 * ```
 */
export interface RunCliOptions {
  /**
   * Ends the run early, without a message and with exit code 107: no output file is left, and an existing one is not
   * changed. What `pull` has fetched is kept for the next run.
   */
  signal?: AbortSignal | undefined;
}

/**
 * Runs the command.
 *
 * It reads and writes the files and the standard streams that the arguments name. It does not throw. A failure is
 * reported in one line on standard error, and by the exit code. If several files fail, each has a line. With `--rdiff`
 * among its arguments it is rdiff.
 *
 * @param args Arguments, without the names of runtime and program.
 * @param options Signal.
 * @returns The exit code: 0 on success, 100 to 108 as rdiff has them, 109 or 110 if a server is the reason, or 141 if
 * nobody reads the output. 107 also says that the signal has ended the run.
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
 * assert.equal(await runCli(["--rdiff", "signature", "-b", "100", basis, sig]), 0);
 * assert.equal((await readFile(sig)).length, 12 + 7 * 36);
 * await rm(folder, { recursive: true });
 * ```
 */
export async function runCli(args: readonly string[], options: RunCliOptions = {}): Promise<number> {
  const { signal } = options;
  const dialect = dialectOf(args);
  let isVerbose = false;
  try {
    const line = parseCommandLine(args, dialect);
    isVerbose = line.options.get(VERBOSE) === true;
    await run(line, dialect, signal);
    return EXIT.OK;
  } catch (error) {
    // The caller ended the run, and needs no message.
    if (signal?.aborted) return EXIT.INTERNAL;
    return reportFailure(dialect, error, isVerbose);
  }
}

async function run(
  { command, operands, options }: CommandLine,
  dialect: Dialect,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (options.get(HELP)) return await print(helpText(command, dialect, styleOf(process.stdout)));
  if (options.get(VERSION)) return await print(versionText(dialect));
  await command!.run({ dialect, operands, options, signal });
}
