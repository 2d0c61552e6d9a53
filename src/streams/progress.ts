/** Shortest time between two calls, in milliseconds. */
const PERIOD_MS = 100;

/** Calls `onProgress` with `stats` at most every 100 ms while work is done, and at its end. */
export function progressHooks<Stats>(
  stats: Stats,
  onProgress: ((stats: Stats) => void) | undefined,
): { onStep?: () => void; onEnd?: () => void } {
  if (!onProgress) return {};
  let last = performance.now();
  return {
    onStep: () => {
      const now = performance.now();
      if (now - last < PERIOD_MS) return;
      last = now;
      onProgress(stats);
    },
    onEnd: () => onProgress(stats),
  };
}
