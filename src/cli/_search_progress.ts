import type { ProgressBar } from "./progress_bar.ts";

/** A server that answers sooner is not waited for, as far as anybody notices, in milliseconds. */
const PATIENCE_MS = 2000;

/** Shows what a client does before it transfers: that it waits for the server, and how much of a file it has read. */
export class SearchProgress {
  readonly bar: ProgressBar | undefined;
  readonly #step: string;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param step What is done while bytes are read. */
  constructor(bar: ProgressBar | undefined, step: string) {
    this.bar = bar;
    this.#step = step;
    if (bar) this.#timer = setTimeout(() => bar.update(0, "waiting for the server"), PATIENCE_MS);
  }

  update(bytesRead: number): void {
    if (bytesRead === 0) return;
    clearTimeout(this.#timer);
    this.bar?.update(bytesRead, this.#step);
  }

  /** Removes the bar. */
  end(): void {
    clearTimeout(this.#timer);
    this.bar?.remove();
  }
}
