/**
 * Runs the cases in Node, Bun or Deno, and prints what came of them as one line of JSON.
 *
 *     node run.js wasm|portable MIB
 *     node run.js print
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";

const [backend, mib] = process.argv.slice(2);

if (backend === "portable") {
  // Before anything is imported: what would be compiled by an import would throw out of it.
  WebAssembly.Module = function refuse() {
    throw new WebAssembly.CompileError("not here");
  };
}

const { runCases } = await import("./cases.js");
const { deltaStream, loadSigs, patchStream, sigStream } = await import("rsync-streams");
const { INPUTS, print } = await import("./inputs.js");
const { atomicWritable, fileBasis, fileReadable } = await import("rsync-streams/files");

/** Two files in a folder of their own. */
async function withFiles(use) {
  const folder = await mkdtemp(join(tmpdir(), "rsync-streams-case-"));
  try {
    const [basisPath, targetPath] = [join(folder, "basis"), join(folder, "target")];
    await writeFile(basisPath, "a line of text\n".repeat(100_000));
    await writeFile(targetPath, "a first line\n" + "a line of text\n".repeat(100_000));
    const patchedPath = await use(basisPath, targetPath, (name) => join(folder, name));
    const [patched, target] = [await readFile(patchedPath), await readFile(targetPath)];
    if (!patched.equals(target)) throw new Error("the file is not the target");
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function syncFiles(basisPath, targetPath) {
  const sigs = await loadSigs(fileReadable(basisPath).pipeThrough(sigStream()));
  const basis = await fileBasis(basisPath);
  const delta = fileReadable(targetPath).pipeThrough(deltaStream(sigs));
  await delta.pipeThrough(patchStream(basis)).pipeTo(atomicWritable(basisPath));
  await basis.close();
  return basisPath;
}

/** What npm links as the command. Run from source there is none. */
const COMMAND = join(process.cwd(), "node_modules/.bin/rsync-streams");

async function runCommand(basisPath, targetPath, path) {
  const before = process.versions.deno ? ["run", "-A", COMMAND] : [COMMAND];
  const run = (...args) => promisify(execFile)(process.execPath, [...before, ...args]);
  await run("signature", basisPath, path("sig"));
  await run("delta", path("sig"), targetPath, path("delta"));
  await run("patch", basisPath, path("delta"), path("patched"));
  return path("patched");
}

const more = [
  { group: "files", name: "a file is put in the place of its basis", run: () => withFiles(syncFiles) },
  ...INPUTS,
];
if (existsSync(COMMAND)) {
  more.push({ group: "command", name: "signature, delta, patch", run: () => withFiles(runCommand) });
}
if (backend === "print") await print();
else console.log(JSON.stringify(await runCases({ backend, mib: Number(mib), more })));
