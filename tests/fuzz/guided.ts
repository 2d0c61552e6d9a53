/**
 * Checks properties on bytes, and goes on from those that reach code which no others reached: V8 counts what runs.
 *
 *     deno task fuzz:guided           ten minutes
 *     deno task fuzz:guided 60        an hour
 *     deno task fuzz:guided 5 plans   five minutes of the targets with that word in their name
 *
 * It starts from `tests/fuzz/corpus/`, and puts back the fewest inputs that reach as much. What fails is put there too:
 * `tests/fuzz_test.ts` checks everything there.
 */
import { BlockCoverage } from "./_block_coverage.ts";
import { BYTE_TARGETS, type ByteTarget, readCorpus, writeCorpus } from "./byte_targets.ts";
import type { Bytes } from "./property.ts";
import { concat, type Random, xorshift } from "../_recipes.ts";

/** Longer inputs are cut: short ones are quick, and reach as much. */
const MAX_LENGTH = 1_500;
/** Bytes and words at which something may change. */
const ODD_BYTES = [0, 1, 2, 3, 7, 8, 16, 32, 63, 64, 127, 128, 129, 254, 255];

/** One small change. */
function changed(bytes: Bytes, other: Bytes, { below }: Random): Bytes {
  const at = below(bytes.length + 1);
  const length = 1 + below(below(4) === 0 ? 40 : 4);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const odd = () => ODD_BYTES[below(ODD_BYTES.length)]!;
  switch (below(8)) {
    case 0:
      return concat([before, Uint8Array.of(odd()), after.subarray(1)]);
    case 1:
      return concat([before, Uint8Array.of(below(256)), after.subarray(1)]);
    case 2:
      return concat([before, Uint8Array.of((after[0] ?? 0) ^ 1 << below(8)), after.subarray(1)]);
    case 3:
      return concat([before, after.subarray(length)]);
    case 4:
      return concat([before, Uint8Array.from({ length }, odd), after]);
    case 5:
      return concat([before, after.subarray(0, length), after]);
    case 6: {
      const from = below(other.length + 1);
      return concat([before, other.subarray(from, from + 8 * length), after]);
    }
    default:
      return concat([before, other.subarray(Math.min(at, other.length))]);
  }
}

function mutated(pool: readonly Bytes[], random: Random): Bytes {
  const draw = () => pool[random.below(pool.length)]!;
  let bytes = draw();
  for (let left = 1 + random.below(1 + random.below(6)); left > 0; left--) bytes = changed(bytes, draw(), random);
  return bytes.slice(0, MAX_LENGTH);
}

/** Of the inputs, those that reach something which the shorter ones do not reach. */
async function fewest(target: ByteTarget, pool: readonly Bytes[], coverage: BlockCoverage): Promise<Bytes[]> {
  coverage.forget();
  const kept: Bytes[] = [];
  for (const bytes of [...pool].sort((a, b) => a.length - b.length)) {
    await coverage.take();
    await target.check(bytes);
    if (await coverage.take() > 0) kept.push(bytes);
  }
  return kept;
}

/** Tries inputs until `end`. Returns false if one failed. */
async function guide(target: ByteTarget, end: number, coverage: BlockCoverage): Promise<boolean> {
  const random = xorshift(crypto.getRandomValues(new Uint32Array(1))[0]! || 1);
  coverage.forget();
  const pool: Bytes[] = [];
  const starts = [...await target.seeds(), ...await readCorpus(target)];
  let count = 0;
  for (; count < starts.length || performance.now() < end; count++) {
    const bytes = starts[count] ?? mutated(pool, random);
    await coverage.take();
    try {
      await target.check(bytes);
    } catch (error) {
      console.error(`${target.name}: an input of ${bytes.length} bytes fails, and is in the corpus now:`, error);
      await writeCorpus(target, [...await readCorpus(target), bytes]);
      return false;
    }
    if (await coverage.take() > 0 || pool.length === 0) pool.push(bytes);
  }
  const blocks = coverage.size;
  const kept = await fewest(target, pool, coverage);
  await writeCorpus(target, kept);
  console.log(`${target.name}: ${count} inputs, ${blocks} blocks of code, ${kept.length} inputs kept`);
  return true;
}

const [minutes = "10", ...words] = Deno.args;
const targets = BYTE_TARGETS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const coverage = await BlockCoverage.start(new URL("../../src/", import.meta.url).href);
for (const target of targets) {
  const end = performance.now() + Number(minutes) * 60_000 / targets.length;
  if (!await guide(target, end, coverage)) Deno.exit(1);
}
