/** Observes a signal while other things are awaited. It listens only as long as one of them is. */
export interface SignalWatch {
  /** Throws the reason once the signal is aborted. */
  readonly check: () => void;
  /** Waits for a promise, or rejects with the reason. */
  orAborted<T>(promise: Promise<T>): Promise<T>;
}

/** @param signal Undefined if nobody can abort: then all goes through. */
export function watchSignal(signal: AbortSignal | undefined): SignalWatch {
  if (!signal) return { check: () => {}, orAborted: (promise) => promise };
  // One listener for all, and no race with one promise: that would hold on to each of them.
  const waits = new Set<(reason: unknown) => void>();
  const onAbort = () => {
    for (const fail of waits) fail(signal.reason);
  };
  return {
    check: () => signal.throwIfAborted(),
    orAborted: (promise) => {
      return new Promise((resolve, reject) => {
        const fail = (reason: unknown) => {
          end();
          reject(reason);
        };
        const end = () => {
          waits.delete(fail);
          if (waits.size === 0) signal.removeEventListener("abort", onAbort);
        };
        if (waits.size === 0) signal.addEventListener("abort", onAbort);
        waits.add(fail);
        promise.then(resolve, reject).finally(end);
        // It may have been aborted before the wait.
        if (signal.aborted) fail(signal.reason);
      });
    },
  };
}
