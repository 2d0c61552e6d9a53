import process from "node:process";
// @ts-types="npm:@types/cli-progress@^3.11.6"
import type { SingleBar } from "cli-progress";
import { formatBytes, formatRate, formatTime } from "./_units.ts";

/** A job that takes no longer shows no bar, in milliseconds. */
const PATIENCE_MS = 400;

/** Shows how far a job is, with its rate and the time that remains. */
export interface ProgressBar {
  /**
   * @param done Bytes done so far.
   * @param step What is being done, if the job has several steps.
   */
  update(done: number, step?: string): void;
  /** Removes the bar. */
  stop(): void;
}

/**
 * Opens a progress bar on the standard error.
 *
 * @param total Bytes of the whole job. If it is undefined or 0, there is a rate and no bar.
 * @returns The bar, or undefined if the standard error is not a terminal.
 */
export async function openProgressBar(total: number | undefined): Promise<ProgressBar | undefined> {
  if (process.stderr.isTTY !== true) return undefined;
  // Loading it takes about as long as a run on a small file, so it is loaded only for a terminal.
  const { default: { SingleBar, Presets } } = await import("cli-progress");
  const isKnown = total !== undefined && total > 0;
  const bar = new SingleBar({
    stream: process.stderr,
    format: isKnown ? "{bar} {percentage} % of {whole} | {rate} | {left} left{step}" : "{done} | {rate}{step}",
    clearOnComplete: true,
    barsize: 30,
    linewrap: null,
    gracefulExit: false,
  }, Presets.shades_classic);
  return new TerminalBar(bar, isKnown ? total : 0);
}

class TerminalBar implements ProgressBar {
  readonly #bar: SingleBar;
  /** Bytes; 0 if it is not known. */
  readonly #total: number;
  readonly #start = performance.now();
  #isShown = false;

  constructor(bar: SingleBar, total: number) {
    this.#bar = bar;
    this.#total = total;
  }

  update(done: number, step?: string): void {
    const total = this.#total;
    const ms = performance.now() - this.#start;
    const fields = {
      done: formatBytes(done),
      whole: formatBytes(total),
      rate: formatRate(done, ms),
      left: done > 0 ? formatTime(Math.max(0, total - done) / done * ms) : "?",
      step: step ? ` | ${step}` : "",
    };
    if (this.#isShown) {
      this.#bar.update(Math.min(done, total), fields);
    } else if (ms >= PATIENCE_MS) {
      this.#isShown = true;
      this.#bar.start(total, Math.min(done, total), fields);
    }
  }

  stop(): void {
    if (this.#isShown) this.#bar.stop();
  }
}
