/** What every job has. */
import type { StepProgress } from "../protocol.ts";
import type { Slot } from "./store.ts";

/** What a job may use. */
export interface Context {
  readonly slot: Slot;
  readonly signal: AbortSignal;
  report(progress: StepProgress): void;
}

/** A function for `onProgress` that reports how far a step is. */
export function reporter(context: Context, step: string, total: number, count: "bytesIn" | "bytesOut" = "bytesIn") {
  context.report({ step, done: 0, total });
  return (stats: Readonly<Record<typeof count, number>>) => context.report({ step, done: stats[count], total });
}
