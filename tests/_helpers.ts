import { toBytes } from "@std/streams/to-bytes";
import {
  deltaStream,
  type DeltaStreamOptions,
  loadSigs,
  type LoadSigsOptions,
  patchStream,
  sigStream,
} from "rsync-streams";
import type { Basis, PatchStreamOptions, Signature, SigStreamOptions } from "rsync-streams";
import { xorshift } from "./_recipes.ts";

export { toBytes };

/** How a test cuts its input: whole, or in chunks of a fixed or random length. */
export type Chunking = "whole" | number | { seed: number; most: number };

/** Cuts bytes into chunks with buffers of their own; an empty one in between where lengths are random. */
export function* chunks(bytes: Uint8Array, chunking: Chunking): Generator<Uint8Array<ArrayBuffer>> {
  if (chunking === "whole") return yield bytes.slice();
  const random = typeof chunking === "object" ? xorshift(chunking.seed) : undefined;
  for (let at = 0; at < bytes.length;) {
    const length = random ? random.below((chunking as { most: number }).most + 1) : chunking as number;
    yield bytes.slice(at, at + length);
    at += length;
  }
}

/** A readable of bytes cut into chunks. Pull by pull: the next chunk is made when it is asked for. */
export function source(bytes: Uint8Array, chunking: Chunking = "whole"): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(chunks(bytes, chunking));
}

export async function makeSig(basis: Uint8Array, options?: SigStreamOptions, chunking?: Chunking) {
  const stream = sigStream(options);
  const bytes = await toBytes(source(basis, chunking).pipeThrough(stream));
  return { bytes, stats: stream.stats };
}

export async function makeSigs(basis: Uint8Array, options: SigStreamOptions = {}): Promise<Signature> {
  const { bytes } = await makeSig(basis, options);
  const told: LoadSigsOptions = options.format === "luapower"
    ? { format: "luapower", blockLength: options.blockLength ?? 1024 }
    : {};
  return await loadSigs(bytes, told);
}

export async function makeDelta(
  target: Uint8Array,
  sigs: Signature,
  options?: DeltaStreamOptions,
  chunking?: Chunking,
) {
  const stream = deltaStream(sigs, options);
  const bytes = await toBytes(source(target, chunking).pipeThrough(stream));
  return { bytes, stats: stream.stats };
}

export async function patch(basis: Basis, delta: Uint8Array, options?: PatchStreamOptions, chunking?: Chunking) {
  return await toBytes(source(delta, chunking).pipeThrough(patchStream(basis, options)));
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

/** Whether two byte arrays are equal, with a message that tells where not: quicker than deepEqual. */
export function assertBytes(actual: Uint8Array, expected: Uint8Array, what = "bytes"): void {
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  if (at < 0 && actual.length === expected.length) return;
  throw new Error(
    `${what} differ: ${actual.length} and ${expected.length} of them, first at ${at < 0 ? actual.length : at}`,
  );
}
