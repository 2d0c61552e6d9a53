import { Problem } from "./_problem.ts";

/** How long a request waits for its turn, in milliseconds, if `timeoutMs` is not less. */
const MAX_WAIT_MS = 10_000;
/** Requests that may wait for each one at work. */
const WAITING_FACTOR = 16;
/** For `Retry-After`, in seconds. */
const RETRY_S = 5;

/** Lets so many at a time in. The others wait for their turn, not too many of them and not too long. */
export class Gate {
  readonly #maxCount: number;
  readonly #maxWaitMs: number;
  #count = 0;
  readonly #waiting = new Set<() => void>();

  constructor(maxCount: number, timeoutMs: number) {
    this.#maxCount = maxCount;
    this.#maxWaitMs = Math.min(timeoutMs, MAX_WAIT_MS);
  }

  /** Whether nobody is in, or waits. */
  get isIdle(): boolean {
    return this.#count === 0;
  }

  /**
   * Waits for a turn.
   *
   * @returns Ends the turn. Further calls have no effect.
   * @throws {Problem} 503, if it takes too long.
   * @throws The reason of the signal.
   */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#count < this.#maxCount) this.#count++;
    else await this.#wait(signal);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const [next] = this.#waiting;
      if (next) next();
      else this.#count--;
    };
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= WAITING_FACTOR * this.#maxCount) throw busy();
    const { promise, resolve, reject } = withResolvers();
    // Both take it from the list at once, so that no turn is handed to one that has given up.
    const enter = () => {
      this.#waiting.delete(enter);
      resolve();
    };
    const giveUp = (reason: unknown) => {
      this.#waiting.delete(enter);
      reject(reason);
    };
    const timer = setTimeout(() => giveUp(busy()), this.#maxWaitMs);
    const onAbort = () => giveUp(signal!.reason);
    signal?.addEventListener("abort", onAbort);
    this.#waiting.add(enter);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }
}

/** A gate for each name: one at a time. */
export class Locks {
  readonly #timeoutMs: number;
  readonly #gates = new Map<string, Gate>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** As {@linkcode Gate.enter}. */
  async enter(name: string, signal?: AbortSignal): Promise<() => void> {
    let gate = this.#gates.get(name);
    if (!gate) this.#gates.set(name, gate = new Gate(1, this.#timeoutMs));
    const leave = await gate.enter(signal);
    return () => {
      leave();
      if (gate.isIdle) this.#gates.delete(name);
    };
  }
}

function busy(): Problem {
  const headers = { "Retry-After": String(RETRY_S) };
  return new Problem(503, "Cannot work on the request now: too many others are under way", { headers });
}

/** `Promise.withResolvers`, which is newer than Node 20. */
function withResolvers() {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((...functions) => [resolve, reject] = functions);
  return { promise, resolve, reject };
}
