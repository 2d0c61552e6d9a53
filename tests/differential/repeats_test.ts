/** Plans of files with repeats and equal blocks, against the model of them. */
import assert from "node:assert/strict";
import { concat, make, randomBytes, xorshift } from "../_recipes.ts";
import { sync } from "../_sync.ts";
import { modelPlan } from "./_plan_model.ts";

/** The defaults of `planSync()`. */
const COSTS = { literalCost: 1, readCost: 200, maxInputLength: 2 ** 25 };

Deno.test("planSync() makes the plans of a model, of files with repeats and equal blocks", async () => {
  const random = xorshift(11);
  /** Pieces that files are made of: random data, periods, equal blocks, and parts of pieces. */
  const piece = (pool: Uint8Array[]): Uint8Array => {
    const length = 1 + random.below(700);
    const source = pool[random.below(pool.length)];
    const start = source && random.below(source.length);
    const kinds = [
      () => randomBytes(random.below(1000), length),
      () => make({ gen: "text", seed: random.below(3), len: length }),
      () => new Uint8Array(2 * length),
      () => concat(Array.from({ length: 12 }, () => randomBytes(length % 5, 1 + length % 130))),
      () => source?.subarray(start, start! + length) ?? Uint8Array.of(1),
      () => source ?? Uint8Array.of(2),
    ];
    return kinds[random.below(kinds.length)]!();
  };
  const file = (pool: Uint8Array[], count: number) => {
    const pieces = Array.from(
      { length: count },
      () => random.below(3) ? pool[random.below(pool.length)]! : piece(pool),
    );
    return concat(pieces);
  };
  let copied = 0;
  for (let round = 0; round < 50; round++) {
    const pool: Uint8Array[] = [];
    while (pool.length < 8) pool.push(piece(pool));
    const [remote, local] = [file(pool, random.below(24)), file(pool, random.below(24))];
    const ratio = 2 + random.below(3);
    const finest = 64 + random.below(20);
    const layers = [2, 1, 0].slice(random.below(3)).map((power) => ({
      blockLength: finest * ratio ** power,
      strongLength: 8,
    }));
    const { fileLength: _, digest: __, ...plan } = await sync(remote, local, { layers });
    assert.deepEqual(plan, modelPlan({ remote, local, layers, ...COSTS }), `${round}`);
    copied += plan.runs.filter(({ from }) => from !== undefined).length;
  }
  assert.ok(copied > 400, `${copied} copies`);
});
