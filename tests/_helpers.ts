import { toBytes } from "@std/streams/to-bytes";
import {
  type DeltaCommand,
  deltaStream,
  type DeltaStreamOptions,
  encodeDeltaStream,
  type EncodeDeltaStreamOptions,
  loadSigs,
  type LoadSigsOptions,
  patchStream,
  sigStream,
} from "rsync-streams";
import type { Basis, PatchStreamOptions, Signature, SigStreamOptions } from "rsync-streams";
import { xorshift } from "./_recipes.ts";

export { fromBase64, hex, sha256 } from "./_bytes.ts";
export { toBytes };

/** A chunk of one byte costs about 20 µs, so tests cut no longer file than this into single bytes. */
export const MAX_SINGLE_BYTES = Deno.env.get("RSYNC_STREAMS_SLOW") === "1" ? 300_000 : 70_000;
/** The length of chunks of a few bytes, into which tests cut longer files instead. */
export const FEW_BYTES = 61;

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

/** The salt of signatures that tests compare. */
export const SALT = Uint8Array.from({ length: 16 }, (_, i) => i);

export async function makeSig(basis: Uint8Array, options: SigStreamOptions = {}, chunking?: Chunking) {
  const isSalted = (options.format ?? "rsync-streams") === "rsync-streams";
  const stream = sigStream(isSalted ? { salt: SALT, ...options } : options);
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

/** A delta of these commands. */
export async function encode(
  commands: DeltaCommand[],
  options?: EncodeDeltaStreamOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  return await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream(options)));
}

/** Whether two byte arrays are equal, with a message that tells where not: quicker than deepEqual. */
export function assertBytes(actual: Uint8Array, expected: Uint8Array, what = "bytes"): void {
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  if (at < 0 && actual.length === expected.length) return;
  throw new Error(
    `${what} differ: ${actual.length} and ${expected.length} of them, first at ${at < 0 ? actual.length : at}`,
  );
}
