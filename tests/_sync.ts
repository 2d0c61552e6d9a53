/** Layered signatures of short files, and plans that are carried out. */
import assert from "node:assert/strict";
import { LayeredSig, layeredSigStream, planSync, type SyncPlan } from "rsync-streams/sync";
import { assertBytes, type Chunking, SALT, source, toBytes } from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";

export type LayeredOptions = Parameters<typeof layeredSigStream>[0];

/** Block lengths that make many layers of a short file. */
export const LAYERS = [
  { blockLength: 4096, strongLength: 4 },
  { blockLength: 512, strongLength: 4 },
  { blockLength: 64, strongLength: 4 },
];

export async function publish(file: Uint8Array, options: LayeredOptions = {}, chunking?: Chunking) {
  return await toBytes(
    source(file, chunking).pipeThrough(layeredSigStream({ layers: LAYERS, salt: SALT, ...options })),
  );
}

/** Carries a plan out, after a check that its runs are the file. */
export function apply(plan: SyncPlan, remote: Uint8Array, local: Uint8Array): Uint8Array<ArrayBuffer> {
  let at = 0, missing = 0;
  const pieces = plan.runs.map(({ offset, length, from }, i) => {
    assert.equal(offset, at);
    assert.ok(length > 0);
    if (i > 0) {
      const before = plan.runs[i - 1]!;
      const goesOn = before.from === undefined ? from === undefined : before.from + before.length === from;
      assert.equal(goesOn, false, "two runs that could be one");
    }
    at += length;
    if (from === undefined) missing += length;
    return from === undefined ? remote.subarray(offset, offset + length) : local.subarray(from, from + length);
  });
  assert.equal(at, plan.fileLength);
  assert.equal(missing, plan.missingLength);
  return concat(pieces);
}

export async function sync(remote: Uint8Array, local: Uint8Array, options?: LayeredOptions): Promise<SyncPlan> {
  const plan = await planSync(await LayeredSig.open(await publish(remote, options)), local);
  assertBytes(apply(plan, remote, local), remote);
  return plan;
}

export const base = concat([randomBytes(1, 60_000), make({ gen: "text", seed: 2, len: 40_000 }), randomBytes(3, 777)]);

export const insert = (bytes: Uint8Array, at: number, piece: Uint8Array) =>
  concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
