import type { Options } from "./_options.ts";
import type { Output } from "./_output.ts";
import type { Progress } from "./_progress.ts";
import { say } from "./_stdio.ts";
import { formatRate } from "./_units.ts";

/** What a command is given. */
export interface Invocation {
  readonly operands: readonly string[];
  readonly options: Options;
  /** Ends the run early. */
  readonly signal: AbortSignal | undefined;
}

/** Brings bytes to an output and puts it in its place. Gives the milliseconds that it took. */
export async function transfer(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  output: Output,
  progress: Progress,
  { signal }: Invocation,
): Promise<number> {
  const start = performance.now();
  try {
    await bytes.pipeTo(output.writable, signal ? { signal } : {});
    return performance.now() - start;
  } finally {
    progress.stop();
  }
}

/** Tells counts and speed, if asked for. */
export function sayStatistics({ options }: Invocation, counts: string, bytes: number, ms: number): void {
  if (options.statistics) say(`${counts}; ${(ms / 1000).toFixed(2)} s, ${formatRate(bytes, ms)}`);
}

/** Tells what is done, if asked for. */
export function sayDetail({ options }: Invocation, line: string): void {
  if (options.verbose) say(line);
}
