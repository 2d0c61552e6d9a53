import process from "node:process";
// @ts-types="npm:@types/cli-progress@^3.11.6"
import type { SingleBar } from "cli-progress";
import { say } from "./_stdio.ts";
import { isDumb, styleOf } from "./_style.ts";
import { formatBytes, formatRate, formatShare, formatTime } from "./_units.ts";

/** A job that takes no longer shows no bar, in milliseconds. */
const PATIENCE_MS = 400;
/** Time between two lines, in milliseconds. */
const LINE_MS = 1000;

/** Shows how far a job is, with its rate and the time that remains. */
export interface ProgressBar {
  /**
   * @param done Bytes done so far.
   * @param step What is being done, if the job has several steps.
   */
  update(done: number, step?: string): void;
  /** Removes the bar. Lines end with one more. */
  stop(): void;
  /** Removes the bar, without a line. */
  remove(): void;
  /**
   * Removes the bar, and opens one for the next part of the job.
   *
   * @param total Bytes of that part, if they are known.
   */
  next(total: number | undefined): ProgressBar;
}

/**
 * Opens a progress bar on the standard error. If that is not a terminal, there are lines instead: one a second, and one
 * at the end.
 *
 * @param total Bytes of the whole job. If it is undefined or 0, there is a rate and no bar.
 * @param program What the program is called, for lines.
 */
export async function openProgressBar(total: number | undefined, program: string): Promise<ProgressBar> {
  if (process.stderr.isTTY !== true || isDumb()) return new ProgressLines(total, program);
  // Loading it takes about as long as a run on a small file, so it is loaded only for a terminal.
  const { default: { SingleBar, Presets } } = await import("cli-progress");
  const { cyan } = styleOf(process.stderr);
  const createBar = (isTotalKnown: boolean) =>
    new SingleBar({
      stream: process.stderr,
      format: isTotalKnown
        ? `${cyan("{bar}")} {percentage} % of {whole} | {rate}{left}{step}`
        : "{done} | {rate}{step}",
      clearOnComplete: true,
      barsize: 30,
      linewrap: null,
      gracefulExit: false,
    }, Presets.shades_classic);
  return new TerminalBar(total, createBar);
}

/** How fast a job goes, in words. */
class Pace {
  /** Bytes; 0 if it is not known. */
  readonly total: number;
  readonly #start = performance.now();
  /** When all bytes were done, if a step came after that. It takes nothing of their rate. */
  #endMs: number | undefined;

  constructor(total: number | undefined) {
    this.total = total ?? 0;
  }

  get ms(): number {
    return performance.now() - this.#start;
  }

  fields(done: number, step: string) {
    const { total } = this;
    const isDone = total > 0 && done >= total;
    if (isDone && step) this.#endMs ??= this.ms;
    const ms = this.#endMs ?? this.ms;
    const left = done > 0 ? formatTime((total - done) / done * ms) : "?";
    return {
      done: formatBytes(done),
      whole: formatBytes(total),
      share: formatShare(Math.min(done, total), total),
      rate: formatRate(done, ms),
      left: isDone ? "" : ` | ${left} left`,
      step: step ? ` | ${step}` : "",
    };
  }
}

class TerminalBar implements ProgressBar {
  readonly #createBar: (isTotalKnown: boolean) => SingleBar;
  readonly #bar: SingleBar;
  readonly #pace: Pace;
  #isShown = false;
  #isRemoved = false;

  constructor(total: number | undefined, createBar: (isTotalKnown: boolean) => SingleBar) {
    this.#pace = new Pace(total);
    this.#createBar = createBar;
    this.#bar = createBar(this.#pace.total > 0);
  }

  update(done: number, step = ""): void {
    if (this.#isRemoved) return;
    const { total, ms } = this.#pace;
    const fields = this.#pace.fields(done, step);
    if (this.#isShown) {
      this.#bar.update(Math.min(done, total), fields);
    } else if (ms >= PATIENCE_MS) {
      this.#isShown = true;
      this.#bar.start(total, Math.min(done, total), fields);
    }
  }

  stop(): void {
    if (this.#isShown && !this.#isRemoved) this.#bar.stop();
    this.#isRemoved = true;
  }

  remove(): void {
    this.stop();
  }

  next(total: number | undefined): ProgressBar {
    this.remove();
    return new TerminalBar(total, this.#createBar);
  }
}

class ProgressLines implements ProgressBar {
  readonly #pace: Pace;
  readonly #program: string;
  #nextAt = LINE_MS;
  #line: string | undefined;
  #isRemoved = false;

  constructor(total: number | undefined, program: string) {
    this.#pace = new Pace(total);
    this.#program = program;
  }

  update(done: number, step = ""): void {
    if (this.#isRemoved) return;
    const { total, ms } = this.#pace;
    const fields = this.#pace.fields(done, step);
    const far = total > 0 ? `${fields.share} of ${fields.whole}` : fields.done;
    this.#line = `${far} | ${fields.rate}${fields.step}`;
    if (ms >= this.#nextAt) this.#print();
  }

  stop(): void {
    this.#print();
  }

  remove(): void {
    this.#isRemoved = true;
    this.#line = undefined;
  }

  next(total: number | undefined): ProgressBar {
    this.remove();
    return new ProgressLines(total, this.#program);
  }

  #print(): void {
    if (this.#line !== undefined) say(this.#program, this.#line);
    this.#line = undefined;
    this.#nextAt = this.#pace.ms + LINE_MS;
  }
}
