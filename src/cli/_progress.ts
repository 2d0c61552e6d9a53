import process from "node:process";
// @ts-types="npm:@types/cli-progress@^3.11.6"
import type { SingleBar } from "cli-progress";
import type { Output } from "./_output.ts";
import { formatBytes, formatRate, formatTime } from "./_units.ts";

/** What takes no longer shows no bar, in milliseconds. */
const PATIENCE_MS = 400;

/** Shows how far a job is, with its rate and the time that remains. */
export interface Progress {
  /** Makes an `onProgress` for a stream: `done` tells bytes of the job. Undefined if nobody is to see it, so that nobody counts. */
  watch<Stats>(done: (stats: Readonly<Stats>) => number): ((stats: Readonly<Stats>) => void) | undefined;
  /** Takes the bar away. */
  stop(): void;
}

const HIDDEN: Progress = { watch: () => undefined, stop() {} };

/** Whether somebody sees a progress bar: on a terminal's standard error, if the output is not shown there too. */
export function isProgressShown({ isTerminal }: Output): boolean {
  return !isTerminal && process.stderr.isTTY === true;
}

/**
 * Makes a progress bar on the standard error if that is a terminal.
 *
 * @param total Bytes of the whole job, or undefined if it is not known: then there is a rate and no bar.
 */
export async function openProgress(output: Output, total: number | undefined): Promise<Progress> {
  if (!isProgressShown(output)) return HIDDEN;
  // Not loaded where there is nothing to show: a run on a small file takes little longer than that.
  const { default: { SingleBar, Presets } } = await import("cli-progress");
  const isKnown = total !== undefined && total > 0;
  const bar = new SingleBar({
    stream: process.stderr,
    format: isKnown ? "{bar} {percentage} % of {whole} | {rate} | {left} left" : "{done} | {rate}",
    clearOnComplete: true,
    barsize: 30,
    linewrap: null,
    gracefulExit: false,
  }, Presets.shades_classic);
  return new TerminalProgress(bar, isKnown ? total : undefined);
}

class TerminalProgress implements Progress {
  readonly #bar: SingleBar;
  readonly #total: number | undefined;
  readonly #start = performance.now();
  #isShown = false;

  constructor(bar: SingleBar, total: number | undefined) {
    this.#bar = bar;
    this.#total = total;
  }

  watch<Stats>(done: (stats: Readonly<Stats>) => number): (stats: Readonly<Stats>) => void {
    return (stats) => this.#show(done(stats));
  }

  stop(): void {
    if (this.#isShown) this.#bar.stop();
  }

  #show(done: number): void {
    const ms = performance.now() - this.#start;
    const total = this.#total ?? 0;
    const left = done > 0 ? Math.max(0, total - done) / done * ms : Infinity;
    const fields = {
      done: formatBytes(done),
      whole: formatBytes(total),
      rate: formatRate(done, ms),
      left: Number.isFinite(left) ? formatTime(left) : "?",
    };
    if (this.#isShown) {
      this.#bar.update(Math.min(done, total), fields);
    } else if (ms >= PATIENCE_MS) {
      this.#isShown = true;
      this.#bar.start(total, Math.min(done, total), fields);
    }
  }
}
