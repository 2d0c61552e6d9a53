/**
 * Compares this library with the real rdiff and with a model of `planSync`, on random pairs of files. A failure names
 * the pair. The same seed makes the same pairs.
 *
 *     deno task differential [--pairs N] [--seed S]
 */
import { parseArgs } from "node:util";
import { comparePlans } from "./_plans.ts";
import { compareWithRdiff, rdiffVersion, writesExactDeltas } from "./_rdiff.ts";

/** Pairs between two lines of output. */
const REPORT_COUNT = 500;

const { values } = parseArgs({ options: { pairs: { type: "string", default: "5000" }, seed: { type: "string" } } });
const pairs = Number(values.pairs);
const seed = values.seed === undefined ? crypto.getRandomValues(new Uint32Array(1))[0]! : Number(values.seed);
const version = await rdiffVersion();
if (version === undefined) {
  console.error("Cannot compare with rdiff: it is not installed (Debian: rdiff, Homebrew: librsync)");
  Deno.exit(1);
}
const isExact = writesExactDeltas(version);
console.log(`seed ${seed}, ${version}${isExact ? "" : ": its deltas are applied, not compared byte by byte"}`);
let exactCount = 0;
let copied = 0;
for (let from = 0; from < pairs; from += REPORT_COUNT) {
  const to = Math.min(pairs, from + REPORT_COUNT);
  exactCount += await compareWithRdiff({ seed, from, to, isExact });
  copied += await comparePlans({ seed, from, to });
  console.log(
    `${to} pairs: signatures and targets as those of rdiff, ${exactCount} deltas too; ` +
      `plans as those of the model, which copy ${copied} bytes`,
  );
}
