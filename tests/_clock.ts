/** A clock that a test sets, in place of `performance.now()`. */

/** Runs work with a clock that says what `now` returns. */
export async function withClock<T>(now: () => number, work: () => T | Promise<T>): Promise<T> {
  const { now: real } = performance;
  const set = (value: () => number) => {
    Object.defineProperty(performance, "now", { value, configurable: true, writable: true });
  };
  set(now);
  try {
    return await work();
  } finally {
    set(real);
  }
}

/** What the fast clock below said last: it never goes back, since the library remembers when it gave way. */
let fastNow = 0;

/**
 * Whether other tasks have their turn while work is done that never waits for anything: time goes by fast, so that work
 * is always due to give way.
 */
export async function givesWay(work: () => Promise<unknown>): Promise<boolean> {
  fastNow = Math.max(fastNow, performance.now());
  let hadTurn = false;
  const id = setImmediate(() => hadTurn = true);
  try {
    return await withClock(() => fastNow += 100, async () => {
      await work();
      return hadTurn;
    });
  } finally {
    clearImmediate(id);
  }
}
