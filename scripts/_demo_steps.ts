/** Times each step of the job alone, from file to file. Over HTTP they all run at once, here on one thread. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { deltaStream, loadSigs, patchStream, type Signature, sigStream } from "rsync-streams";
import { atomicWritable, type FileBasis, fileBasis, fileReadable } from "rsync-streams/files";

/** Bytes compared at a time. */
const COMPARED_LENGTH = 2 ** 20;

/** A step, its time and the length of its file. */
export interface Step {
  name: string;
  seconds: number;
  bytes: number;
  /** What the bytes are: basis, signature or target. */
  of: string;
}

/** Runs the steps one after another. Their files are in `folder`. */
export async function measureSteps(
  folder: string,
  { basis, target, blockLength }: { basis: string; target: string; blockLength: number | undefined },
): Promise<Step[]> {
  const [sig, delta, result] = ["steps.sig", "steps.delta", "steps.result"].map((name) => join(folder, name));
  const write = (path: string) => atomicWritable(path, { sync: false });
  const steps: Step[] = [];
  const run = async (name: string, of: string, path: string, work: () => Promise<void>) => {
    const start = performance.now();
    await work();
    steps.push({ name, of, seconds: (performance.now() - start) / 1000, bytes: (await stat(path)).size });
  };

  let sigs: Signature;
  const { size } = await stat(basis);
  await run("Signature", "basis", basis, () => {
    return fileReadable(basis).pipeThrough(sigStream({ fileLength: size, blockLength })).pipeTo(write(sig!));
  });
  await run("Loading", "signature", sig!, async () => {
    sigs = await loadSigs(fileReadable(sig!));
  });
  await run("Delta", "target", target, () => fileReadable(target).pipeThrough(deltaStream(sigs)).pipeTo(write(delta!)));
  await run("Patch", "target", target, async () => {
    await using source = await fileBasis(basis);
    await fileReadable(delta!).pipeThrough(patchStream(source)).pipeTo(write(result!));
  });
  return steps;
}

/** Compares two files byte for byte, without the library's own sums, and returns the SHA-256 of both. */
export async function verifyEqual(resultPath: string, targetPath: string): Promise<string> {
  await using result = await fileBasis(resultPath);
  await using target = await fileBasis(targetPath);
  if (result.size !== target.size) {
    throw new Error(`Not equal: the result has ${result.size} bytes, the target ${target.size}`);
  }
  const hashes = [createHash("sha256"), createHash("sha256")] as const;
  for (let at = 0; at < target.size!; at += COMPARED_LENGTH) {
    const [made, wanted] = await Promise.all([readFully(result, at), readFully(target, at)]);
    hashes[0].update(made);
    hashes[1].update(wanted);
    if (Buffer.compare(made, wanted) === 0) continue;
    throw new Error(
      `Not equal: result and target differ at byte ${at + wanted.findIndex((byte, i) => byte !== made[i])}`,
    );
  }
  const [made, wanted] = hashes.map((hash) => hash.digest("hex"));
  if (made !== wanted) throw new Error(`Not equal: the SHA-256 of the result is ${made}, that of the target ${wanted}`);
  return wanted!;
}

async function readFully(file: FileBasis, offset: number): Promise<Uint8Array> {
  const length = Math.min(COMPARED_LENGTH, file.size! - offset);
  const bytes = await file.read(offset, length);
  if (bytes.length < length) throw new Error(`Cannot compare: a file became shorter at byte ${offset + bytes.length}`);
  return bytes;
}
