/** Bytes of an update by a layered signature: what is read of it, and the missing runs. */
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { LayeredSig, layeredSigStream, planSync, type SyncPlan } from "rsync-streams/sync";
import { createHash } from "node:crypto";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPRESSORS } from "./compressed.ts";

/** Bytes that the holder of the basis gets, by how the missing runs travel. */
export interface LayeredBytes {
  plain: number;
  gzip: number;
  brotli: number;
}

/** What a literal costs where runs are compressed, as a share of its length. */
const COMPRESSED_COST = 0.25;

/** A plan that does not make its target: short sums were equal by chance. */
class WrongPlan extends Error {}

/** Counts what an update by layers takes, and checks that its plans make the target. */
export async function layeredBytes(basis: string, target: string): Promise<LayeredBytes> {
  try {
    return await attempt(basis, target);
  } catch (error) {
    if (!(error instanceof WrongPlan)) throw error;
    // It happens about once in a thousand times. Twice in a row is a fault.
    console.error(`${error.message}: again, with another salt`);
    return await attempt(basis, target);
  }
}

async function attempt(basis: string, target: string): Promise<LayeredBytes> {
  const folder = await mkdtemp(join(tmpdir(), "rsync-streams-layered-"));
  try {
    const published = join(folder, "rsig");
    const { size } = await stat(target);
    await fileReadable(target).pipeThrough(layeredSigStream({ fileLength: size })).pipeTo(atomicWritable(published));
    const plain = await planOf(published, basis, 1);
    const compressed = await planOf(published, basis, COMPRESSED_COST);
    await missingRuns(plain, basis, target);
    const runs = await missingRuns(compressed, basis, target);
    return {
      plain: plain.sigBytes + plain.missingLength,
      gzip: compressed.sigBytes + COMPRESSORS.gzip(runs).length,
      brotli: compressed.sigBytes + COMPRESSORS.brotli(runs).length,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function planOf(published: string, basis: string, literalCost: number): Promise<SyncPlan> {
  await using sig = await fileBasis(published);
  await using local = await fileBasis(basis);
  return await planSync(await LayeredSig.open(sig), local, { literalCost });
}

/** Carries a plan out, compares the digest of the result, and returns the missing runs one after the other. */
async function missingRuns(plan: SyncPlan, basis: string, target: string): Promise<Uint8Array> {
  const [local, remote] = [await open(basis), await open(target)];
  const hash = createHash("sha256");
  const missing: Uint8Array[] = [];
  try {
    for (const { offset, length, from } of plan.runs) {
      for (let at = 0; at < length;) {
        const buffer = new Uint8Array(Math.min(2 ** 24, length - at));
        const file = from === undefined ? remote : local;
        const { bytesRead } = await file.read(buffer, 0, buffer.length, (from ?? offset) + at);
        const bytes = buffer.subarray(0, bytesRead);
        hash.update(bytes);
        if (from === undefined) missing.push(bytes);
        at += bytesRead;
      }
    }
  } finally {
    await Promise.all([local.close(), remote.close()]);
  }
  if (hash.digest("hex") !== plan.digest) throw new WrongPlan(`The plan from ${basis} does not make ${target}`);
  const all = new Uint8Array(plan.missingLength);
  let at = 0;
  for (const bytes of missing) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}
