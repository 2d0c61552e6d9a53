/** Notes who listens to a signal, from now on. */
export function listenersOf(signal: AbortSignal): ReadonlySet<unknown> {
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners.add(args[1]);
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners.delete(args[1]);
    removeEventListener.apply(signal, args);
  };
  return listeners;
}

/** A signal, and who listens to it. */
export function watchedSignal(): { signal: AbortSignal; listeners: ReadonlySet<unknown> } {
  const { signal } = new AbortController();
  return { signal, listeners: listenersOf(signal) };
}
