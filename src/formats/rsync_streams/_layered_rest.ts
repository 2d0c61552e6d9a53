import { hex, viewOf } from "../../common/bytes.ts";
import type { SigHeader, SigTrailer } from "../../engine/interface.ts";
import type { ByteReader } from "../bytes/byte_reader.ts";
import { DIGEST_LENGTH, SALT_LENGTH, SIG_HEADER_LENGTH } from "./_numbers.ts";
import { FRAME_COUNT, type Layer, type LayeredFooter, layersLength, parseFooter, parseLayers } from "./layers.ts";
import { LayeredLayout } from "./layout.ts";

/** Bytes of the footer behind its entity tag: time, length and magic. */
const AFTER_TAG_LENGTH = 8 + 4 + 4;
/** Bytes of the length of the tag. */
const TAG_COUNT_LENGTH = 2;
/** Length of the footer without its layers and its entity tag. */
const FOOTER_BASE_LENGTH = 2 + SALT_LENGTH + 8 + DIGEST_LENGTH + TAG_COUNT_LENGTH + AFTER_TAG_LENGTH;

/** What an ordinary reader has to know of a layered signature: it reads over the other layers, and checks the end. */
export class LayeredRest {
  readonly #header: SigHeader;
  readonly #layers: readonly Layer[];
  /** Whether a frame was seen that is not full: it has to be the last. */
  #isLast = false;
  /** Bytes of the other layers that are still to come. */
  #left: number | undefined;
  #footer: LayeredFooter | undefined;

  private constructor(header: SigHeader, layers: readonly Layer[]) {
    this.#header = header;
    this.#layers = layers;
  }

  /** What a layered signature says beyond others, once its end was read. */
  get trailer(): SigTrailer {
    const { entityTag, modifiedMs } = this.#footer ?? {};
    return { layerBlockLengths: this.#layers.map(({ blockLength }) => blockLength), entityTag, modifiedMs };
  }

  /** Reads over the header and the table of layers. Undefined if bytes are missing. */
  static open(bytes: ByteReader, header: SigHeader): LayeredRest | undefined {
    const count = bytes.peek(SIG_HEADER_LENGTH + 1)?.[SIG_HEADER_LENGTH];
    if (count === undefined) return undefined;
    const length = SIG_HEADER_LENGTH + layersLength(count);
    const table = bytes.peek(length)?.slice(SIG_HEADER_LENGTH);
    if (!table) return undefined;
    const fail = (why: string) => bytes.error("unsupported", why, bytes.position + SIG_HEADER_LENGTH);
    const layers = parseLayers(table, fail);
    const { blockLength, strongLength } = layers.at(-1)!;
    if (blockLength !== header.blockLength || strongLength !== header.strongLength) {
      const expected = `blocks of ${header.blockLength} bytes and strong sums of ${header.strongLength} were expected`;
      throw fail(
        `a finest layer of blocks of ${blockLength} bytes and strong sums of ${strongLength} was seen, ${expected}`,
      );
    }
    if (!header.hasDigest) throw fail("a layered signature without a digest was seen");
    bytes.skip(length);
    return new LayeredRest(header, layers);
  }

  /** @throws {RsyncError} If a frame that is not the last is not full. */
  checkFrame(count: number, bytes: ByteReader): void {
    if (this.#isLast || count > FRAME_COUNT) {
      const why = `a frame of ${count} records was seen, all but the last have ${FRAME_COUNT} in a layered signature`;
      throw bytes.error("unsupported", why);
    }
    this.#isLast = count < FRAME_COUNT;
  }

  /** Reads what follows the trailer. Returns whether all of it was there. */
  read(bytes: ByteReader, trailer: SigTrailer): boolean {
    if (this.#footer) return true;
    this.#left ??= this.#coarserLength(trailer);
    while (this.#left > 0) {
      const count = bytes.itemsAvailable(1, this.#left);
      if (count === 0) return false;
      bytes.skip(count);
      this.#left -= count;
    }
    const baseLength = layersLength(this.#layers.length) + FOOTER_BASE_LENGTH;
    const base = bytes.peek(baseLength);
    if (!base) return false;
    const tagLength = viewOf(base).getUint16(baseLength - AFTER_TAG_LENGTH - TAG_COUNT_LENGTH, true);
    const length = baseLength + tagLength;
    const footer = bytes.peek(length);
    if (!footer) return false;
    this.#footer = this.#checkedFooter(footer, bytes, trailer);
    bytes.skip(length);
    return true;
  }

  #coarserLength({ fileLength }: SigTrailer): number {
    const { weakSum, strongSum, salt } = this.#header;
    const footer = { layers: this.#layers, weakSum, strongSum, salt: salt!, fileLength: fileLength!, digest: "" };
    return new LayeredLayout(footer).coarserLength;
  }

  #checkedFooter(bytesOfFooter: Uint8Array, bytes: ByteReader, trailer: SigTrailer): LayeredFooter {
    const footer = parseFooter(bytesOfFooter, bytes.position);
    const { layers, weakSum, strongSum, salt, fileLength, digest } = footer;
    const isSame = weakSum === this.#header.weakSum && strongSum === this.#header.strongSum &&
      fileLength === trailer.fileLength && hex(salt) === hex(this.#header.salt!) &&
      digest === hex(trailer.digest ?? []) &&
      JSON.stringify(layers) === JSON.stringify(this.#layers);
    if (!isSame) throw bytes.error("unsupported", "its end says something else than its start");
    return footer;
  }
}
