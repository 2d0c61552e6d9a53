/** Observes a signal while something else is awaited. */
export interface SignalWatch {
  /** Throws the reason once the signal is aborted. */
  readonly check: () => void;
  /** Waits for a promise, or rejects with the reason. */
  orAborted<T>(promise: Promise<T>): Promise<T>;
  /** Stops listening. */
  end(): void;
}

/** @param signal Undefined if nobody can abort: then all goes through. */
export function watchSignal(signal: AbortSignal | undefined): SignalWatch {
  if (!signal) return { check: () => {}, orAborted: (promise) => promise, end: () => {} };
  let fail: (reason: unknown) => void = () => {};
  const onAbort = () => fail(signal.reason);
  signal.addEventListener("abort", onAbort);
  return {
    check: () => signal.throwIfAborted(),
    // Not a race with one promise: that would hold on to each read.
    orAborted: (promise) => {
      return new Promise((resolve, reject) => {
        fail = reject;
        promise.then(resolve, reject);
        if (signal.aborted) onAbort();
      });
    },
    end: () => signal.removeEventListener("abort", onAbort),
  };
}
