import process from "node:process";
import type { Invocation } from "./_command_spec.ts";
import type { Output } from "./_output.ts";
import { PROGRESS, QUIET } from "./_shared_options.ts";
import { isDumb } from "./_style.ts";
import { openProgressBar, type ProgressBar } from "./progress_bar.ts";

/**
 * Whether progress is shown: as the options say or, if they say nothing, if the standard error is a terminal and the
 * output is not shown there too. rdiff shows none.
 */
export function isProgressShown({ isTerminal }: Pick<Output, "isTerminal">, { dialect, options }: Invocation): boolean {
  if (dialect.isRdiff) return false;
  return options.get(PROGRESS) ?? (!isTerminal && !options.get(QUIET) && process.stderr.isTTY === true && !isDumb());
}

/** Opens a progress bar for `total` bytes, if it is seen. */
export async function openProgress(
  output: Pick<Output, "isTerminal">,
  invocation: Invocation,
  total: number | undefined,
): Promise<ProgressBar | undefined> {
  return isProgressShown(output, invocation) ? await openProgressBar(total, invocation.dialect.name) : undefined;
}

/**
 * Pipes bytes to an output, closes it, and removes the bar.
 *
 * @returns How long it took, in milliseconds.
 */
export async function transfer(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  output: Output,
  bar: ProgressBar | undefined,
  { signal }: Invocation,
): Promise<number> {
  const start = performance.now();
  try {
    await bytes.pipeTo(output.writable, signal ? { signal } : {});
    return performance.now() - start;
  } finally {
    bar?.stop();
  }
}
