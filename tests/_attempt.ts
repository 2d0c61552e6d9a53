/** What tests need of npm and of the machine. Without it they are left out: told to a user, and an error in CI. */
import process from "node:process";

const isCI = Boolean(process.env.CI);

/**
 * Gets something that tests need, or the reason why it is not to be had.
 *
 * @param what Which tests are left out without it.
 */
export function attempt<T>(what: string, get: () => T): T | Error {
  try {
    return get();
  } catch (error) {
    if (isCI) throw error;
    console.warn(`SKIPPED ${what}: ${(error as Error).message}`);
    return error as Error;
  }
}

/** Counts a test as left out. In CI this cannot be: `attempt` has thrown, and elsewhere it has told the reason. */
export function leaveOut(name: string): void {
  if (isCI) throw new Error(`Cannot leave out a test in CI: ${name}`);
  Deno.test({ name, ignore: true, fn() {} }); // The tool is missing, `attempt` has said which, and the count tells it.
}
