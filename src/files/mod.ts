/**
 * Files in Deno, Node and Bun, through `node:fs`: a readable that reads ahead, a basis that is read at random, and a
 * writable that replaces a file only once all of it has been written.
 *
 * @example Updating one file from another
 * ```ts
 * import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
 * import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
 * import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import assert from "node:assert/strict";
 *
 * const folder = await mkdtemp(join(tmpdir(), "rsync-streams-"));
 * const [basisPath, targetPath] = [join(folder, "basis"), join(folder, "target")];
 * await writeFile(basisPath, "a line of text\n".repeat(1000));
 * await writeFile(targetPath, "a first line\n" + "a line of text\n".repeat(1000));
 *
 * const sigs = await loadSigs(fileReadable(basisPath).pipeThrough(sigStream()));
 * await using basis = await fileBasis(basisPath);
 * await fileReadable(targetPath)
 *   .pipeThrough(deltaStream(sigs))
 *   .pipeThrough(patchStream(basis))
 *   .pipeTo(atomicWritable(basisPath));
 *
 * assert.deepEqual(await readFile(basisPath), await readFile(targetPath));
 * await rm(folder, { recursive: true });
 * ```
 *
 * @module
 */
export { atomicWritable, type AtomicWritableOptions } from "./atomic_writable.ts";
export { type FileBasis, fileBasis } from "./file_basis.ts";
export { fileReadable } from "./file_readable.ts";
export type { BasisSource } from "../basis/basis_source.ts";
