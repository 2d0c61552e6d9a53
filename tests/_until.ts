/** Waits of tests: for what has to come, and for what must not come. */

/** Steps of a wait, of ten milliseconds each. A busy machine needs some hundred. */
const MAX_STEPS = 6_000;

/** Waits until something holds, and rejects if it does not within a minute or so. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let step = 0; !(await holds()); step++) {
    if (step === MAX_STEPS) throw new Error(`Cannot go on: ${what} was expected, and did not come in a minute`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits for the next turn of timers. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * Lets everything run that can run without a read or a write more. What goes on by itself needs a turn or two for each
 * step: what it has done in 20 turns shows.
 */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}
