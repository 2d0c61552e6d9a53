/** Cases of what Node, Bun and Deno have to read from: streams, responses, iterables and open files. */
import { Buffer } from "node:buffer";
import { execFile } from "node:child_process";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { applyDelta, createDelta, createSig, loadSigs } from "rsync-streams";

const BASIS = new TextEncoder().encode("a line of text\n".repeat(5000));
const TARGET = new TextEncoder().encode("a first line\n" + "a line of text\n".repeat(5000));
const OPTIONS = { salt: new Uint8Array(16), fileLength: BASIS.length };
const { Bun, Deno } = globalThis;

/** Bytes in three chunks. */
function* pieces(bytes) {
  for (const [from, to] of [[0, 7], [7, 20], [20, bytes.length]]) yield bytes.slice(from, to);
}

async function* later(bytes) {
  for (const piece of pieces(bytes)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield piece;
  }
}

/** Bytes as each kind of source. */
const SOURCES = {
  "a Readable of Node": (bytes) => Readable.from(pieces(bytes)),
  "Readable.toWeb()": (bytes) => Readable.toWeb(Readable.from(pieces(bytes))),
  "a Response": (bytes) => new Response(bytes),
  "a Request": (bytes) => new Request("http://localhost/", { method: "POST", body: bytes }),
  "an iterable": (bytes) => [...pieces(bytes)],
  "an async iterable": later,
  "a Blob": (bytes) => new Blob([bytes]),
  "an ArrayBuffer": (bytes) => bytes.slice().buffer,
};

/** A path as each kind of open file that the runtime has: the file, and what closes it. */
const BASES = {
  async "a FileHandle of Node"(path) {
    const handle = await open(path);
    return [handle, () => handle.close()];
  },
  ...(Deno && {
    async "a Deno.FsFile"(path) {
      const file = await Deno.open(path);
      return [file, () => file.close()];
    },
  }),
  ...(Bun && { "Bun.file()": (path) => [Bun.file(path), () => {}] }),
};

function assertEqual(actual, expected, what) {
  if (!Buffer.from(actual).equals(Buffer.from(expected))) throw new Error(`${what} has other bytes than it should`);
}

async function sourceCase(toSource) {
  const sig = await createSig(BASIS, OPTIONS);
  assertEqual(await createSig(toSource(BASIS), OPTIONS), sig, "the signature");
  const sigs = await loadSigs(toSource(sig));
  const delta = await createDelta(sigs, toSource(TARGET));
  assertEqual(await applyDelta(BASIS, toSource(delta)), TARGET, "the target");
  if (delta.length > 1000) throw new Error(`the delta has ${delta.length} bytes`);
}

async function basisCase(openBasis) {
  const folder = await mkdtemp(join(tmpdir(), "rsync-streams-case-"));
  try {
    const path = join(folder, "basis");
    await writeFile(path, BASIS);
    const delta = await createDelta(await createSig(BASIS), TARGET);
    const [basis, close] = await openBasis(path);
    assertEqual(await applyDelta(basis, delta), TARGET, "the target");
    await close();
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Prints a signature, in a process of its own: `run.js print`. */
export async function print() {
  const sigs = await loadSigs(await createSig(BASIS, OPTIONS));
  console.log(sigs);
  console.log({ sigs });
  console.log(`${sigs}`);
}

async function printCase() {
  const script = fileURLToPath(new URL("run.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...(Deno ? ["run", "-A"] : []), script, "print"]);
  const lines = stdout.trim().split("\n").filter((line) => !/^[{}]$/.test(line));
  const line =
    /Signature { rsync-streams, \d+ blocks of \d+ bytes, rabinkarp, blake3 \(\d+ bytes\), file of 75000 bytes }/;
  if (lines.length !== 3 || !lines.every((text) => line.test(text))) throw new Error(`this was printed:\n${stdout}`);
}

/** The cases that the runtime can run. */
export const INPUTS = [
  ...Object.entries(SOURCES).map(([name, toSource]) => ({ name, run: () => sourceCase(toSource) })),
  ...Object.entries(BASES).map(([name, openBasis]) => ({
    name: `${name} as a basis`,
    run: () => basisCase(openBasis),
  })),
  ...(Bun ? [{ name: "Bun.file() as a source", run: bunSourceCase }] : []),
  { name: "console.log() of a Signature", run: printCase },
].map((one) => ({ group: "inputs", ...one }));

async function bunSourceCase() {
  const folder = await mkdtemp(join(tmpdir(), "rsync-streams-case-"));
  try {
    let count = 0;
    const toFile = async (bytes) => {
      const path = join(folder, `${count++}`);
      await writeFile(path, bytes);
      return Bun.file(path);
    };
    const sig = await createSig(await toFile(BASIS), OPTIONS);
    assertEqual(sig, await createSig(BASIS, OPTIONS), "the signature");
    const delta = await createDelta(await toFile(sig), await toFile(TARGET));
    assertEqual(await applyDelta(BASIS, await toFile(delta)), TARGET, "the target");
  } finally {
    await rm(folder, { recursive: true });
  }
}
