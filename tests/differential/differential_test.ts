/** A part of `deno task differential`: the pairs of one seed, and those of another that is new each time. */
import assert from "node:assert/strict";
import { comparePlans } from "./_plans.ts";
import { compareWithRdiff, rdiffVersion, writesExactDeltas } from "./_rdiff.ts";

const SLOW = Deno.env.get("RSYNC_STREAMS_SLOW") === "1";
const PAIRS = SLOW ? 600 : 100;
/** A plan needs no other program. */
const PLANS = 4 * PAIRS;
const SEEDS = { "fixed pairs": 1, "pairs of a new seed": crypto.getRandomValues(new Uint32Array(1))[0]! };

const version = await rdiffVersion();
const isMissing = version === undefined;
if (isMissing) {
  console.warn(
    "\nSKIPPED: rdiff is not installed, so no random pairs are compared with it (Debian: rdiff, Homebrew: librsync)\n",
  );
}

Deno.test("rdiff is there, in the version that rdiffExact writes deltas of", {
  ignore: isMissing && !Deno.env.get("CI"),
}, () => {
  assert.ok(version, "rdiff is not installed: CI needs it (Debian's package rdiff)");
  if (writesExactDeltas(version)) return;
  const why = `${version} is installed, deltas of librsync 2.3.2 are what rdiffExact writes`;
  assert.ok(!Deno.env.get("CI"), `Cannot compare deltas byte by byte: ${why}`);
  console.warn(`\nSKIPPED: deltas are applied, but not compared byte by byte: ${why}\n`);
});

for (const [name, seed] of Object.entries(SEEDS)) {
  Deno.test(`rdiff and we write the same signatures, and apply each other's deltas: ${name}`, {
    ignore: isMissing,
  }, async () => {
    console.log(`seed ${seed}`);
    const isExact = writesExactDeltas(version!);
    const exactCount = await compareWithRdiff({ seed, from: 0, to: PAIRS, isExact });
    if (isExact) assert.ok(exactCount > 0.9 * PAIRS, `${exactCount} deltas of ${PAIRS} were compared byte by byte`);
  });

  Deno.test(`planSync() makes the plans of a model: ${name}`, async () => {
    console.log(`seed ${seed}`);
    const copied = await comparePlans({ seed, from: 0, to: PLANS });
    assert.ok(copied > 1000 * PLANS, `${copied} bytes are copied by ${PLANS} plans`);
  });
}
