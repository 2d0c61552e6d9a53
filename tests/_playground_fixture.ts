/** The playground for all tests of a file, or why there is none. */
import { execFileSync } from "node:child_process";
import { Playground } from "./_playground.ts";
import { attempt } from "./_attempt.ts";
import { chromiumBinary } from "./runtimes/tools.ts";

const rdiff = attempt("playground with rdiff", () => execFileSync("rdiff", ["--version"]));
/** Whether there is an rdiff. In CI there is. */
export const hasRdiff = !(rdiff instanceof Error);
const executablePath = attempt("playground", chromiumBinary);
const playground = executablePath instanceof Error ? undefined : await Playground.open(executablePath);

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
