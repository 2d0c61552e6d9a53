/** Checks the results of the demo without the library's own sums. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { type FileBasis, fileBasis } from "rsync-streams/files";

/** Bytes compared at a time. */
const COMPARED_LENGTH = 2 ** 20;

/** Compares two files byte for byte, and returns the SHA-256 of both. */
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
