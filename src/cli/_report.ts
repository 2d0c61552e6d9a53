import type { Invocation } from "./_command_spec.ts";
import { STATISTICS, VERBOSE } from "./_shared_options.ts";
import { say } from "./_stdio.ts";
import { formatRate } from "./_units.ts";

/** Reports counts and speed, if `--statistics` asks for them. */
export function reportStatistics({ options }: Invocation, counts: string, bytes: number, ms: number): void {
  if (options.get(STATISTICS)) say(`${counts}; ${(ms / 1000).toFixed(2)} s, ${formatRate(bytes, ms)}`);
}

/** Reports what is done, if `--verbose` asks for it. */
export function reportDetail({ options }: Invocation, line: string): void {
  if (options.get(VERBOSE)) say(line);
}
