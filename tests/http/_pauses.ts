/** Pauses between attempts take no time in a test, and are noted. */

/** The longest pause of a client. Timers that take longer are limits, and stay as they are. */
const MAX_PAUSE_MS = 10_000;

/**
 * Does work, and returns the timers that were set meanwhile, in milliseconds. None of them runs.
 *
 * @param work What to do. It is given the timers that were set so far.
 */
export async function timersDuring(work: (timers: readonly number[]) => Promise<unknown>): Promise<number[]> {
  const { setTimeout: real } = globalThis;
  const timers: number[] = [];
  const never = (_: () => void, ms: number) => ({ count: timers.push(ms) });
  globalThis.setTimeout = never as unknown as typeof setTimeout;
  try {
    await work(timers);
  } finally {
    globalThis.setTimeout = real;
  }
  return timers;
}

/** Does work in which pauses are over at once, and returns how long each should have been, in milliseconds. */
export async function pausesDuring(work: () => Promise<unknown>): Promise<number[]> {
  const { setTimeout: real } = globalThis;
  const pauses: number[] = [];
  const quick = (run: () => void, ms = 0) => {
    if (ms > MAX_PAUSE_MS) return real(run, ms);
    if (ms > 0) pauses.push(ms);
    return real(run, 0);
  };
  globalThis.setTimeout = quick as typeof setTimeout;
  try {
    await work();
  } finally {
    globalThis.setTimeout = real;
  }
  return pauses;
}
