/** Plans, against a simple implementation. */
import assert from "node:assert/strict";
import type { Layer } from "rsync-streams/sync";
import { concat, make, randomBytes, xorshift } from "./_recipes.ts";
import { sync } from "./_sync.ts";

/** The runs of a plan: offset, length, and where the local file has it. */
type Runs = { offset: number; length: number; from: number | undefined }[];

/** Joins runs that continue each other. */
function join(runs: Runs): Runs {
  const joined: Runs = [];
  for (const run of runs.toSorted((a, b) => a.offset - b.offset)) {
    const last = joined.at(-1);
    const next = last && (last.from === undefined ? undefined : last.from + last.length);
    if (last && next === run.from) last.length += run.length;
    else joined.push({ ...run });
  }
  return joined;
}

/** What planSync() is to find: docs/sync.md in a few lines, with the blocks themselves for records. */
function simplePlan(remote: Uint8Array, local: Uint8Array, layers: readonly Layer[]) {
  const text = (bytes: Uint8Array, at: number, length: number) =>
    String.fromCharCode(...bytes.subarray(at, at + length));
  let runs: Runs = remote.length > 0 ? [{ offset: 0, length: remote.length, from: undefined }] : [];
  const missing = () => runs.filter(({ from }) => from === undefined);
  const missingLength = () => missing().reduce((sum, { length }) => sum + length, 0);
  const blockLengths: number[] = [];
  let share = 0;
  for (const { blockLength, strongLength } of layers) {
    const before = missingLength();
    if (before === 0 || local.length === 0) break;
    // The stopping rule, with the costs that are defaults: a byte costs 1, and a read 200.
    const cost = Math.ceil(before / blockLength) * (4 + strongLength) + missing().length * 200 / 8;
    if (blockLengths.length >= 2 && before * share <= cost) break;
    const blocks = missing().flatMap(({ offset, length }) => {
      const count = Math.ceil(length / blockLength);
      return Array.from({ length: count }, (_, k) => {
        const at = k * blockLength;
        return { offset: offset + at, length: Math.min(blockLength, length - at) };
      });
    });
    const left = new Map<string, number[]>();
    for (const { offset, length } of blocks) {
      const key = text(remote, offset, length);
      left.set(key, [...left.get(key) ?? [], offset]);
    }
    const found: Runs = [];
    for (let pass = 0; pass < 8; pass++) {
      const seen = new Map<string, number>();
      const last = [...left.keys()].at(-1);
      if (last === undefined) break;
      const start = (at: number) =>
        local[at]! | (local[at + 1]! << 8) | (local[at + 9]! << 16) | (local[at + 50]! << 24);
      const codes = [0, 1, 9, 50];
      const starts = new Set(
        Array.from(left.keys(), (key) => codes.reduce((sum, at, i) => sum | (key.charCodeAt(at) << (8 * i)), 0)),
      );
      let at = 0;
      while (at + blockLength <= local.length) {
        const key = starts.has(start(at)) ? text(local, at, blockLength) : "";
        if (left.has(key) && !seen.has(key)) seen.set(key, at);
        at += left.has(key) ? blockLength : 1;
      }
      const end = local.length - last.length;
      if (last.length < blockLength && end >= at && text(local, end, last.length) === last) seen.set(last, end);
      if (seen.size === 0) break;
      for (const [key, from] of seen) {
        for (const offset of left.get(key)!) found.push({ offset, length: key.length, from });
        left.delete(key);
      }
    }
    const places = new Map(found.map((run) => [run.offset, run]));
    runs = join([
      ...runs.filter(({ from }) => from !== undefined),
      ...blocks.map((block) => places.get(block.offset) ?? { ...block, from: undefined }),
    ]);
    blockLengths.push(blockLength);
    share = 1 - missingLength() / before;
  }
  return { runs, blockLengths, missingLength: missingLength(), missingCount: missing().length };
}

Deno.test("planSync() makes the plans of a simple implementation, of files with repeats and equal blocks", async () => {
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
    const { runs, blockLengths, missingLength, missingCount } = await sync(remote, local, { layers });
    assert.deepEqual(
      { runs, blockLengths, missingLength, missingCount },
      simplePlan(remote, local, layers),
      `${round}`,
    );
    copied += runs.filter(({ from }) => from !== undefined).length;
  }
  assert.ok(copied > 400, `${copied} copies`);
});
