import process from "node:process";
import type { Dialect, Invocation } from "./_command_spec.ts";
import { explain } from "./_errors.ts";
import { printable } from "./_printable.ts";
import { JSON_OUTPUT, QUIET, STATISTICS, VERBOSE } from "./_shared_options.ts";
import { print, printError, say } from "./_stdio.ts";
import { PLAIN, type Style, styleOf } from "./_style.ts";
import { formatRate } from "./_units.ts";

/** What a run has done. */
export interface RunReport {
  /** As a line of text. */
  readonly counts: string;
  /** Bytes that were processed, for the speed. */
  readonly bytes: number;
  readonly ms: number;
  /** As JSON. What is not known is undefined. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Where the output of a run goes. */
interface Destination {
  /** Whether that is the standard output. */
  readonly isStdout: boolean;
}

/** Reports counts and speed if `--statistics` asks for them, and facts if `--json` does. */
export async function reportRun(
  invocation: Invocation,
  { counts, bytes, ms, facts }: RunReport,
  output?: Destination,
): Promise<void> {
  reportStatistics(invocation, counts, bytes, ms);
  await reportJson(invocation, { ...facts, elapsedMs: Math.round(ms) }, output);
}

/** Reports counts and speed, if `--statistics` asks for them. */
export function reportStatistics({ dialect, options }: Invocation, counts: string, bytes: number, ms: number): void {
  if (options.get(STATISTICS)) say(dialect.name, `${counts}; ${(ms / 1000).toFixed(2)} s, ${formatRate(bytes, ms)}`);
}

/**
 * Prints facts as JSON, if `--json` asks for it. What is not known is null.
 *
 * @param output The output of the run. If it is the standard output, the facts go to the standard error.
 */
export async function reportJson(
  { options }: Invocation,
  facts: Readonly<Record<string, unknown>>,
  output?: Destination,
): Promise<void> {
  if (!options.get(JSON_OUTPUT)) return;
  const text = toJson(facts);
  if (output?.isStdout) printError(text);
  else await print(text);
}

/** A value as JSON, in lines. What is not known is null. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, (_, value) => value === undefined ? null : value, 2)}\n`;
}

/** Reports how a run has ended, if somebody sits at the terminal, and no other report was asked for. */
export function reportSuccess({ dialect, options }: Invocation, line: string): void {
  const isSeen = process.stderr.isTTY === true && !options.get(QUIET);
  if (isSeen && !options.get(JSON_OUTPUT) && !options.get(STATISTICS)) say(dialect.name, line);
}

/** Reports what is done, if `--verbose` asks for it. */
export function reportDetail({ dialect, options }: Invocation, line: string): void {
  if (options.get(VERBOSE)) say(dialect.name, line);
}

/** Reports what may be wrong though the run goes on, unless `--quiet` forbids it. */
export function warn({ dialect, options }: Invocation, line: string): void {
  if (options.get(QUIET)) return;
  printError(`${dialect.name}: ${styleFor(dialect).yellow("warning:")} ${printable(line)}\n`);
}

/**
 * Reports a failure in a line, and where it comes from if `isVerbose`.
 *
 * @returns The exit code.
 */
export function reportFailure(dialect: Dialect, error: unknown, isVerbose: boolean): number {
  const { name } = dialect;
  const { exitCode, message } = explain(error, name);
  if (message === undefined) return exitCode;
  printError(`${styleFor(dialect).red(`${name}:`)} ${printable(message)}\n`);
  if (isVerbose) say(name, ...stackOf(error).split("\n"));
  return exitCode;
}

/** The style of messages. rdiff has no colours. */
function styleFor({ isRdiff }: Dialect): Style {
  return isRdiff ? PLAIN : styleOf(process.stderr);
}

/** The stack of an error, and of its causes. */
function stackOf(error: unknown): string {
  const { stack, cause } = error instanceof Error ? error : { stack: String(error), cause: undefined };
  return cause === undefined ? `${stack}` : `${stack}\ncaused by ${stackOf(cause)}`;
}
