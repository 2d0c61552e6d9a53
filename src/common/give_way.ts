/** Letting timers and other tasks run between pieces of work. */

/** How long work goes on without that, in milliseconds. */
const PERIOD_MS = 50;

/** When a task ran last, as far as is known. */
let last = 0;

/**
 * Called between pieces of work. Streams whose source never waits work in microtasks alone, and no timer, input or
 * event of the page gets its turn before the last of them.
 *
 * @returns A promise to wait for before the next piece, or undefined if other tasks had their turn not long ago. It is
 * not shared: workerd drops what waits for a task of a request that is over.
 */
export function giveWay(): Promise<void> | undefined {
  if (performance.now() - last < PERIOD_MS) return undefined;
  return nextTask().then(() => {
    last = performance.now();
  });
}

/** Runtimes on servers have it. It is ten times as quick as a message, and a timer takes milliseconds. */
const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => unknown };

function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate) {
      setImmediate(resolve);
    } else if (typeof MessageChannel === "function") {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(undefined);
    } else {
      setTimeout(resolve, 0);
    }
  });
}
