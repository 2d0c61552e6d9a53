/** The playground for all tests of a file, or why there is none. */
import { execFileSync } from "node:child_process";
import { Playground } from "./_playground.ts";
import { chromiumBinary, isCI } from "./runtimes/tools.ts";

/** What cannot be had on this machine, or why not; in CI it has to be there. */
function attempt<T>(what: string, get: () => T): T | undefined {
  try {
    return get();
  } catch (error) {
    if (isCI) throw error;
    console.warn(`SKIPPED ${what}: ${(error as Error).message}`);
  }
}

/** Whether there is an rdiff. In CI there is. */
export const hasRdiff = attempt("playground with rdiff", () => execFileSync("rdiff", ["--version"])) !== undefined;
const executablePath = attempt("playground", chromiumBinary);
const playground = executablePath && await Playground.open(executablePath);

Deno.test.afterAll(async () => {
  if (playground) await playground.close();
});

/** A test with the page. The browser lives across tests, which the sanitizers take for a leak. */
export function test(name: string, fn: (playground: Playground) => Promise<unknown>, isSkipped = false): void {
  Deno.test({
    name: `playground: ${name}`,
    ignore: !playground || isSkipped,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      if (playground) await fn(playground);
    },
  });
}
