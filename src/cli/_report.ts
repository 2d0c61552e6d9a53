import type { Invocation } from "./_command_spec.ts";
import { explain } from "./_errors.ts";
import { QUIET, STATISTICS, VERBOSE } from "./_shared_options.ts";
import { say } from "./_stdio.ts";
import { formatRate } from "./_units.ts";

/** Reports counts and speed, if `--statistics` asks for them. */
export function reportStatistics({ dialect, options }: Invocation, counts: string, bytes: number, ms: number): void {
  if (options.get(STATISTICS)) say(dialect.name, `${counts}; ${(ms / 1000).toFixed(2)} s, ${formatRate(bytes, ms)}`);
}

/** Reports what is done, if `--verbose` asks for it. */
export function reportDetail({ dialect, options }: Invocation, line: string): void {
  if (options.get(VERBOSE)) say(dialect.name, line);
}

/** Reports what may be wrong though the run goes on, unless `--quiet` forbids it. */
export function warn({ dialect, options }: Invocation, line: string): void {
  if (!options.get(QUIET)) say(dialect.name, `warning: ${line}`);
}

/**
 * Reports a failure in a line, and where it comes from if `isVerbose`.
 *
 * @param program What the program is called.
 * @returns The exit code.
 */
export function reportFailure(program: string, error: unknown, isVerbose: boolean): number {
  const { exitCode, message } = explain(error, program);
  if (message !== undefined) say(program, message);
  if (message !== undefined && isVerbose) say(program, ...stackOf(error).split("\n"));
  return exitCode;
}

/** The stack of an error, and of its causes. */
function stackOf(error: unknown): string {
  const { stack, cause } = error instanceof Error ? error : { stack: String(error), cause: undefined };
  return cause === undefined ? `${stack}` : `${stack}\ncaused by ${stackOf(cause)}`;
}
