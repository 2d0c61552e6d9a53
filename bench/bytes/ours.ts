/** Bytes of this library: one signature goes up and its delta comes down, or a signature in layers comes down. */
import { deltaStream, loadSigs, patchStream, sigStream, type SigStreamOptions } from "rsync-streams";
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/npm_tools.ts";
import { compressedLengths } from "./compressed.ts";
import { layeredBytes } from "./layered.ts";
import { checkEqual } from "./processes.ts";
import type { Files, Pair, Side, Traffics } from "./traffic.ts";

/** The length of a file that somebody signs is known. All else is left to its defaults. */
export function defaults(fileLength: number): SigStreamOptions {
  return { fileLength };
}

/** One signature and its delta. */
export interface SigAndDelta {
  sigLength: number;
  sigCount: number;
  delta: Uint8Array<ArrayBuffer>;
}

/** Makes a signature of the basis, and the delta to the target. */
export async function sigAndDelta({ basis, target }: Files, options: SigStreamOptions): Promise<SigAndDelta> {
  const signer = sigStream(options);
  const sigs = await loadSigs(fileReadable(basis).pipeThrough(signer));
  const delta = await new Response(fileReadable(target).pipeThrough(deltaStream(sigs))).bytes();
  return { sigLength: signer.stats.bytesOut, sigCount: sigs.sigCount, delta };
}

/** This library as it is now. */
export function ourSide(): Side {
  return { version: `ours ${sourceHash()}`, measure };
}

async function measure(pair: Pair, work: string): Promise<Traffics> {
  const { sigLength, delta } = await sigAndDelta(pair, defaults(pair.basisLength));
  await checkPatch(pair, delta, join(work, "result"));
  const { plain, gzip, brotli, zstd } = compressedLengths(delta);
  const traffics: Traffics = {
    "ours": { up: sigLength, down: plain },
    "ours, gzip": { up: sigLength, down: gzip },
    "ours, brotli": { up: sigLength, down: brotli },
    "ours, zstd": { up: sigLength, down: zstd },
  };
  const layered = await layeredBytes(pair.basis, pair.target);
  traffics["layered"] = { up: 0, down: layered.plain };
  traffics["layered, gzip"] = { up: 0, down: layered.gzip };
  traffics["layered, brotli"] = { up: 0, down: layered.brotli };
  return traffics;
}

async function checkPatch({ basis, target }: Pair, delta: Uint8Array<ArrayBuffer>, result: string): Promise<void> {
  await using opened = await fileBasis(basis);
  await new Blob([delta]).stream().pipeThrough(patchStream(opened)).pipeTo(atomicWritable(result));
  checkEqual(result, target, "this library");
}

/** What results depend on here, besides the library. */
const MEASURED_BY = ["compressed.ts", "layered.ts", "ours.ts"];

/** A hash of all that a result depends on: the sources of the library and how it is measured, by other files too. */
export function sourceHash(...others: string[]): string {
  const names = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });
  const sources = names.filter((name) => /\.(ts|wasm)$/.test(name)).sort().map((name) => join("src", name));
  const measuredBy = [...MEASURED_BY, ...others].map((name) => join("bench/bytes", name));
  const hash = createHash("sha256");
  for (const path of [...sources, ...measuredBy]) hash.update(path).update(readFileSync(join(ROOT, path)));
  return hash.digest("hex").slice(0, 16);
}
