/** Runs the cases in any runtime, and prints a line of JSON for each: its name, and how it failed if it did. */
import process from "node:process";
import { CASES, UNPRIVILEGED } from "./cases.ts";

// A folder that root has prepared, if this is not root.
const [shared] = process.argv.slice(2);
const more = Object.entries(UNPRIVILEGED).map(([name, run]) => [name, () => run(shared!)] as const);
for (const [name, run] of [...Object.entries(CASES), ...(process.getuid!() === 0 ? [] : more)]) {
  try {
    await run();
    console.log(JSON.stringify({ name }));
  } catch (error) {
    console.log(JSON.stringify({ name, failure: error instanceof Error ? `${error.stack}` : String(error) }));
  }
}
