import { toUint8Array } from "../common/bytes.ts";
import { checkInteger, checkOptions, type OptionNames } from "../common/checks.ts";
import type { ByteChunk } from "../common/platform_types.ts";
import type { SigStats } from "../engine/stats.ts";
import { MAX_BLOCK_LENGTH } from "../formats/interface.ts";
import { type Layer, MAX_ENTITY_TAG_LENGTH, MAX_LAYER_COUNT } from "../formats/rsync_streams/layers.ts";
import { formats } from "../formats/mod.ts";
import type { BackendOptions } from "../kernel/interface.ts";
import { chosenKernel } from "../kernel/mod.ts";
import { checkSigOptions } from "../stages/sig_options.ts";
import { createPair } from "../streams/create_pair.ts";
import { COMMON_NAMES, type CommonOptions, type SumStreamPair } from "../streams/stream_pair.ts";
import { LayeredSigner } from "./_layered_signer.ts";
import { recommendedLayers } from "./recommended_layers.ts";

const NAMES: OptionNames<LayeredSigStreamOptions> = {
  ...COMMON_NAMES,
  fileLength: true,
  layers: true,
  salt: true,
  entityTag: true,
  modifiedMs: true,
  backend: true,
};
const LAYER_NAMES: OptionNames<Layer> = { blockLength: true, strongLength: true };

/**
 * Options of {@linkcode layeredSigStream}.
 *
 * @example With the tag of a version
 * ```ts
 * import { LayeredSig, layeredSigStream, type LayeredSigStreamOptions } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const file = new Blob(["some text, ".repeat(5000)]);
 * const options: LayeredSigStreamOptions = { fileLength: file.size, entityTag: '"version 7"' };
 * const sig = await new Response(file.stream().pipeThrough(layeredSigStream(options))).blob();
 * assert.equal((await LayeredSig.open(sig)).footer.entityTag, '"version 7"');
 * ```
 */
export interface LayeredSigStreamOptions
  extends CommonOptions<ByteChunk, Uint8Array<ArrayBuffer>, SigStats>, BackendOptions {
  /** Length of the file in bytes, if known. Layers are chosen by it. */
  fileLength?: number | undefined;
  /**
   * The layers, from the coarsest on. Each block length is a multiple of the next.
   * @default what {@linkcode recommendedLayers} returns for `fileLength`
   */
  layers?: readonly Layer[] | undefined;
  /**
   * 16 bytes that the strong sums are keyed with. Set it only if the same file must have the same signature: an
   * attacker who knows it before the file is made can forge collisions.
   * @default random
   */
  salt?: Uint8Array | undefined;
  /** HTTP's entity tag of the file, 1,024 bytes of UTF-8 at most. */
  entityTag?: string | undefined;
  /** When the file was modified, in milliseconds since 1970. */
  modifiedMs?: number | undefined;
}

/**
 * Makes a transform that turns the bytes of a file into its layered signature: its sums at several block lengths, in
 * one pass.
 *
 * A layered signature lies beside a file on a server. A client with an older version reads the coarse sums, and finer
 * ones only under blocks that it did not find: see {@linkcode planSync}. `loadSigs` reads it as an ordinary signature
 * of its finest layer. Records of the other layers are written last, and held in memory until then.
 *
 * @param options Layers, and what the file is known by.
 * @returns A pair whose `writable` takes file bytes and whose `readable` yields the layered signature.
 * @throws {TypeError} If an option is of the wrong kind.
 * @throws {RangeError} If an option is out of range, or a block length is no multiple of the next.
 *
 * @example A signature for a server, and a client
 * ```ts
 * import { layeredSigStream, LayeredSig, planSync } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const remote = new Blob(["a new start, ", "and then as before. ".repeat(5000)]);
 * const local = new Blob(["an old one, ", "and then as before. ".repeat(5000)]);
 *
 * const stream = layeredSigStream({ fileLength: remote.size });
 * const published = await new Response(remote.stream().pipeThrough(stream)).blob();
 * const plan = await planSync(await LayeredSig.open(published), local);
 *
 * assert.ok(plan.missingLength < 1000);
 * ```
 */
export function layeredSigStream(
  options: LayeredSigStreamOptions = {},
): SumStreamPair<ByteChunk, Uint8Array<ArrayBuffer>, SigStats> {
  const { fileLength, salt, entityTag, modifiedMs } = checkOptions(options, NAMES);
  if (fileLength !== undefined) checkInteger("fileLength", fileLength, 0, Number.MAX_SAFE_INTEGER);
  if (modifiedMs !== undefined) {
    checkInteger("modifiedMs", modifiedMs, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  }
  const layers = checkLayers(options.layers ?? recommendedLayers(fileLength));
  const codec = formats["rsync-streams"];
  const { weakSum, strongSum, salt: checkedSalt } = checkSigOptions(codec, { salt });
  const kernel = chosenKernel(options.backend);
  const header = { layers, weakSum, strongSum, salt: checkedSalt! };
  const signer = new LayeredSigner(header, { entityTag: checkTag(entityTag), modifiedMs }, kernel);
  if (fileLength !== undefined) signer.stats.total = fileLength;
  return { ...createPair(signer, options, { convert: toUint8Array }), backend: kernel.backend };
}

function checkLayers(layers: readonly Layer[]): readonly Layer[] {
  if (!Array.isArray(layers) || layers.length < 1 || layers.length > MAX_LAYER_COUNT) {
    throw new TypeError(`Cannot use layers: an array of 1 to ${MAX_LAYER_COUNT} layers was expected`);
  }
  const { minBlockLength, minStrongLength, maxStrongLength } = formats["rsync-streams"].sig;
  return layers.map((layer, i) => {
    const { blockLength, strongLength } = checkOptions(layer, LAYER_NAMES);
    checkInteger("blockLength of a layer", blockLength, minBlockLength, MAX_BLOCK_LENGTH);
    checkInteger("strongLength of a layer", strongLength, minStrongLength, maxStrongLength);
    const coarser = layers[i - 1]?.blockLength;
    if (coarser !== undefined && (coarser % blockLength !== 0 || coarser === blockLength)) {
      throw new RangeError(
        `Cannot use layers: ${blockLength} was given after ${coarser}, a divisor of it was expected`,
      );
    }
    return { blockLength, strongLength };
  });
}

function checkTag(tag: string | undefined): string | undefined {
  if (tag === undefined) return undefined;
  if (typeof tag !== "string") throw new TypeError("Cannot use entityTag: a string was expected");
  const { length } = new TextEncoder().encode(tag);
  checkInteger("the length of entityTag", length, 0, MAX_ENTITY_TAG_LENGTH);
  return tag;
}
