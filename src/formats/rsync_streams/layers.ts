/**
 * Layered signatures: the sums of one file at several block lengths. See docs/formats/rsync-streams.md. What says where
 * everything is stands at the end, so that it can be read first, at random.
 */
import { fromHex, hex, startsWith, viewOf } from "../../common/bytes.ts";
import { RsyncError } from "../../common/rsync_error.ts";
import type { StrongSum, WeakSum } from "../../kernel/interface.ts";
import { ByteWriter } from "../bytes/byte_writer.ts";
import { MAX_BLOCK_LENGTH } from "../interface.ts";
import {
  DIGEST_LENGTH,
  MAX_STRONG_LENGTH,
  MIN_BLOCK_LENGTH,
  MIN_STRONG_LENGTH,
  SALT_LENGTH,
  STRONG_SUMS,
  WEAK_SUMS,
} from "./_numbers.ts";

/** Layers that a signature can have. */
export const MAX_LAYER_COUNT = 8;
/** Records in each frame of a layered signature, save the last. */
export const FRAME_COUNT = 1024;
/** Bytes of the longest entity tag. */
export const MAX_ENTITY_TAG_LENGTH = 1024;
/** Bytes of the longest footer. */
const MAX_FOOTER_LENGTH = 2048;

const FOOTER_MAGIC = Uint8Array.of(0x92, 0x52, 0x53, 0x4c);
/** Its length, and its magic. */
const FOOTER_END_LENGTH = 8;
const LAYER_LENGTH = 5;
const NO_TIME = -(2n ** 63n);

/**
 * One of the block lengths of a layered signature.
 *
 * @example Two layers
 * ```ts
 * import { type Layer, LayeredSig, layeredSigStream } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const layers: Layer[] = [{ blockLength: 4096, strongLength: 4 }, { blockLength: 256, strongLength: 4 }];
 * const sig = new Blob([new Uint8Array(10_000)]).stream().pipeThrough(layeredSigStream({ layers }));
 * const { footer } = await LayeredSig.open(await new Response(sig).blob());
 * assert.deepEqual(footer.layers, layers);
 * ```
 */
export interface Layer {
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Bytes kept of each strong sum. */
  readonly strongLength: number;
}

/**
 * What a layered signature says about itself at its start.
 *
 * @example The sums of all layers
 * ```ts
 * import { type LayeredHeader, LayeredSig, layeredSigStream } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const file = new Blob(["some text, ".repeat(5000)]);
 * const sig = await new Response(file.stream().pipeThrough(layeredSigStream())).blob();
 *
 * const { weakSum, strongSum, salt }: LayeredHeader = (await LayeredSig.open(sig)).footer;
 * assert.deepEqual([weakSum, strongSum, salt.length], ["rabinkarp", "blake3", 16]);
 * ```
 */
export interface LayeredHeader {
  /** From the coarsest to the finest. Each block length is a multiple of the next. */
  readonly layers: readonly Layer[];
  /** The weak sum of all layers. */
  readonly weakSum: WeakSum;
  /** The strong sum of all layers. */
  readonly strongSum: StrongSum;
  /** What strong sums are keyed with: 16 bytes. */
  readonly salt: Uint8Array;
}

/**
 * What a layered signature says about itself at its end.
 *
 * @example Which file it describes
 * ```ts
 * import { type LayeredFooter, LayeredSig, layeredSigStream } from "rsync-streams/sync";
 * import { createHash } from "node:crypto";
 * import assert from "node:assert/strict";
 *
 * const text = "some text, ".repeat(5000);
 * const sig = await new Response(new Blob([text]).stream().pipeThrough(layeredSigStream())).blob();
 *
 * const footer: LayeredFooter = (await LayeredSig.open(sig)).footer;
 * assert.equal(footer.fileLength, text.length);
 * assert.equal(footer.digest, createHash("sha256").update(text).digest("hex"));
 * ```
 */
export interface LayeredFooter extends LayeredHeader {
  /** Bytes of the file that it describes. */
  readonly fileLength: number;
  /** SHA-256 of that file in hexadecimal digits. */
  readonly digest: string;
  /** HTTP's entity tag of that file, if given. */
  readonly entityTag?: string | undefined;
  /** When that file was modified, in milliseconds since 1970, if given. */
  readonly modifiedMs?: number | undefined;
}

/** Writes the table of layers. */
export function writeLayers(out: ByteWriter, layers: readonly Layer[]): void {
  out.u8(layers.length);
  for (const { blockLength, strongLength } of layers) {
    out.u32(blockLength, true);
    out.u8(strongLength);
  }
}

/** Bytes of a table of layers. */
export function layersLength(count: number): number {
  return 1 + LAYER_LENGTH * count;
}

/**
 * Reads a table of layers.
 *
 * @param fail Makes the error for a reason.
 */
export function parseLayers(bytes: Uint8Array, fail: (why: string) => Error): Layer[] {
  const count = bytes[0]!;
  if (count < 1 || count > MAX_LAYER_COUNT) {
    throw fail(`${count} layers were seen, 1 to ${MAX_LAYER_COUNT} are supported`);
  }
  const fields = viewOf(bytes);
  const layers: Layer[] = [];
  for (let i = 0; i < count; i++) {
    const blockLength = fields.getUint32(1 + LAYER_LENGTH * i, true);
    const strongLength = fields.getUint8(1 + LAYER_LENGTH * i + 4);
    if (blockLength < MIN_BLOCK_LENGTH || blockLength > MAX_BLOCK_LENGTH) {
      throw fail(`a block length of ${blockLength} was seen, ${MIN_BLOCK_LENGTH} to ${MAX_BLOCK_LENGTH} are supported`);
    }
    if (strongLength < MIN_STRONG_LENGTH || strongLength > MAX_STRONG_LENGTH) {
      throw fail(
        `a strong length of ${strongLength} was seen, ${MIN_STRONG_LENGTH} to ${MAX_STRONG_LENGTH} are supported`,
      );
    }
    const coarser = layers.at(-1)?.blockLength;
    if (coarser !== undefined && (coarser % blockLength !== 0 || coarser === blockLength)) {
      throw fail(`blocks of ${blockLength} bytes were seen under blocks of ${coarser}, a divisor of it was expected`);
    }
    layers.push({ blockLength, strongLength });
  }
  return layers;
}

/** Writes the footer. */
export function encodeFooter(footer: LayeredFooter): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  writeLayers(out, footer.layers);
  out.u8(WEAK_SUMS.indexOf(footer.weakSum));
  out.u8(STRONG_SUMS.indexOf(footer.strongSum));
  out.bytes(footer.salt);
  out.u64(footer.fileLength, true);
  out.bytes(fromHex(footer.digest));
  const tag = new TextEncoder().encode(footer.entityTag ?? "");
  out.u16(tag.length, true);
  out.bytes(tag);
  out.i64(footer.modifiedMs === undefined ? NO_TIME : BigInt(footer.modifiedMs), true);
  out.u32(out.length + FOOTER_END_LENGTH, true);
  out.bytes(FOOTER_MAGIC);
  return out.take();
}

/**
 * The length of the footer that ends `bytes`, by its last 8 bytes.
 *
 * @param start Where `bytes` start in the signature.
 * @throws {RsyncError} If they are not the end of a layered signature: `bad-magic`, `unsupported`.
 */
export function footerLength(bytes: Uint8Array, start: number): number {
  const at = Math.max(0, bytes.length - FOOTER_END_LENGTH);
  const end = bytes.subarray(at);
  const offset = start + at;
  if (end.length < FOOTER_END_LENGTH || !startsWith(end.subarray(4), FOOTER_MAGIC)) {
    throw new RsyncError("bad-magic", "Cannot read the layered signature: it does not end as one does", { offset });
  }
  const length = viewOf(end).getUint32(0, true);
  if (length > MAX_FOOTER_LENGTH) throw footerError(`a footer of ${length} bytes was seen`, offset);
  return length;
}

/**
 * Reads a whole footer.
 *
 * @param start Where it starts in the signature.
 * @throws {RsyncError} If it is none: `bad-magic`, `unsupported`.
 */
export function parseFooter(bytes: Uint8Array, start: number): LayeredFooter {
  /** Where the field read last starts and ends. */
  let from = 0, to = 0;
  const fail = (why: string) => footerError(why, start + from);
  const length = footerLength(bytes, start);
  if (length !== bytes.length) {
    const why = `it says it has ${length} bytes, ${bytes.length} were expected`;
    throw footerError(why, start + bytes.length - FOOTER_END_LENGTH);
  }
  const take = (length: number) => {
    from = to;
    to += length;
    if (to > bytes.length - FOOTER_END_LENGTH) throw fail("it is too short for what it says");
    return bytes.slice(from, to);
  };
  const layers = parseLayers(take(layersLength(bytes[0]!)), fail);
  const [weak, strong] = take(2) as unknown as [number, number];
  const weakSum = WEAK_SUMS[weak];
  const strongSum = STRONG_SUMS[strong];
  if (!weakSum || !strongSum) throw fail(`unknown sums ${weak} and ${strong} were seen`);
  const salt = take(SALT_LENGTH);
  const fileLength = viewOf(take(8)).getBigUint64(0, true);
  if (fileLength > BigInt(Number.MAX_SAFE_INTEGER)) throw fail(`a file length of ${fileLength} was seen`);
  const digest = hex(take(DIGEST_LENGTH));
  const tagLength = viewOf(take(2)).getUint16(0, true);
  const entityTag = decodeTag(take(tagLength), fail);
  const modified = viewOf(take(8)).getBigInt64(0, true);
  from = to;
  if (to !== bytes.length - FOOTER_END_LENGTH) throw fail("it is longer than what it says");
  return {
    layers,
    weakSum,
    strongSum,
    salt,
    fileLength: Number(fileLength),
    digest,
    ...(entityTag && { entityTag }),
    ...(modified !== NO_TIME && { modifiedMs: Number(modified) }),
  };
}

function decodeTag(bytes: Uint8Array, fail: (why: string) => Error): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail("its entity tag is not UTF-8");
  }
}

function footerError(why: string, offset: number): RsyncError {
  return new RsyncError("unsupported", `Cannot read the footer of the layered signature: ${why}`, { offset });
}
