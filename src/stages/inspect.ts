/** What a signature or a delta is, found out by reading it once; nothing of it is kept. */
import type { DeltaReader, SigReader, StrongSum, WeakSum } from "../engine/interface.ts";
import { ByteReader } from "../formats/_byte_reader.ts";
import type { Format, FormatCodec } from "../formats/interface.ts";
import { formats } from "../formats/mod.ts";
import { type ByteSource, readChunks } from "../streams/read_chunks.ts";
import type { DeltaFormatOptions } from "./delta_options.ts";
import { checkSigOptions } from "./sig_options.ts";

const MAGIC_LENGTH = 4;

/** Which of the two a file is. */
export type FileKind = "signature" | "delta";

/** What is known of a file before it is read. */
export interface InspectOptions extends DeltaFormatOptions {
  /** Which of the two the file is. Formats without a magic need it. */
  kind?: FileKind | undefined;
}

/** What a signature is. What its format does not record is null. */
export interface SigInfo {
  kind: "signature";
  format: Format;
  weakSum: WeakSum;
  strongSum: StrongSum;
  /** Bytes. */
  blockLength: number;
  /** Bytes. */
  strongLength: number;
  /** Blocks: records in the signature. */
  sigCount: number;
  /** Bytes of the basis. */
  fileLength: number | null;
  /** Digest of the basis, computed with the strong sum. */
  digest: Uint8Array | null;
  /** Bytes of the signature. */
  length: number;
}

/** What a delta is. What its format does not record is null. */
export interface DeltaInfo {
  kind: "delta";
  format: Format;
  commandCount: number;
  copyCount: number;
  /** Commands of literals. */
  dataCount: number;
  /** Bytes of the target that are copied from the basis. */
  copiedBytes: number;
  /** Bytes of the target that are in the delta. */
  literalBytes: number;
  /** Bytes of the target. */
  targetLength: number;
  /** Bytes that the basis must have: the end of the furthest copy. */
  leastBasisLength: number;
  /** The sum that computed the digest. */
  digestSum: StrongSum | null;
  /** Digest of the target. */
  digest: Uint8Array | null;
  /** Bytes of the delta. */
  length: number;
}

type Inspector = (input: ByteReader) => SigInfo | DeltaInfo | undefined;

/**
 * Reads a signature or a delta and reports what is in it. The source may be untrusted: nothing is allocated by what the
 * file says of itself.
 *
 * @param source Bytes of the file.
 * @param what What messages call the file.
 * @param options Needed for formats without a magic: format, kind and block length.
 * @returns What the file is.
 * @throws {RsyncError} If the file is damaged, or neither a signature nor a delta.
 */
export async function inspect(
  source: ByteSource,
  what: string,
  options: InspectOptions = {},
): Promise<SigInfo | DeltaInfo> {
  const input = new ByteReader(what);
  let inspector: Inspector | undefined;
  let info: SigInfo | DeltaInfo | undefined;
  const work = () => {
    inspector ??= choose(input, options);
    info ??= inspector?.(input);
  };
  await readChunks(source, (chunk) => {
    input.push(chunk);
    work();
  });
  input.end();
  work();
  return info!;
}

function choose(input: ByteReader, { format, kind, blockLength }: InspectOptions): Inspector | undefined {
  if (format && !formats[format].sigMagic) {
    const codec = formats[format];
    return kind === "delta"
      ? inspectDelta(codec, codec.deltaReader(input, { blockLength }))
      : inspectSig(codec, codec.sigReader(input, checkSigOptions(codec, { blockLength })));
  }
  const bytes = input.peek(MAGIC_LENGTH);
  if (!bytes) return undefined;
  for (const codec of format ? [formats[format]] : Object.values(formats)) {
    if (kind !== "delta" && startsWith(bytes, codec.sigMagic)) {
      return inspectSig(codec, codec.sigReader(input, undefined));
    }
    if (kind !== "signature" && startsWith(bytes, codec.deltaMagic)) {
      return inspectDelta(codec, codec.deltaReader(input, {}));
    }
  }
  const seen = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const expected = `a ${kind ?? "signature or a delta"}${format ? ` of the format ${format}` : ""}`;
  const unrecognized = Object.values(formats).filter(({ sigMagic }) => !sigMagic).map(({ name }) => name).join(", ");
  const why = `it is not ${expected} (files of ${unrecognized} are not recognized); the first bytes are ${seen}`;
  throw input.error("bad-magic", why);
}

function startsWith(bytes: Uint8Array, magic: Uint8Array | undefined): boolean {
  return magic !== undefined && magic.every((byte, i) => bytes[i] === byte);
}

function inspectSig({ name }: FormatCodec, reader: SigReader): Inspector {
  const info: SigInfo = {
    kind: "signature",
    format: name,
    weakSum: "rollsum",
    strongSum: "blake2b",
    blockLength: 0,
    strongLength: 0,
    sigCount: 0,
    fileLength: null,
    digest: null,
    length: 0,
  };
  return (input) => {
    for (;;) {
      const event = reader.next();
      if (!event) return undefined;
      if (event.type === "header") {
        const { weakSum, strongSum, blockLength, strongLength } = event.header;
        Object.assign(info, { weakSum, strongSum, blockLength, strongLength });
      } else if (event.type === "records") {
        info.sigCount += event.batch.count;
      } else {
        const { fileLength = null, digest = null } = event.trailer;
        return Object.assign(info, { fileLength, digest, length: input.position });
      }
    }
  };
}

function inspectDelta({ name }: FormatCodec, reader: DeltaReader): Inspector {
  const info: DeltaInfo = {
    kind: "delta",
    format: name,
    commandCount: 0,
    copyCount: 0,
    dataCount: 0,
    copiedBytes: 0,
    literalBytes: 0,
    targetLength: 0,
    leastBasisLength: 0,
    digestSum: null,
    digest: null,
    length: 0,
  };
  /** Where the previous event ended. */
  let position = 0;
  return (input) => {
    for (;;) {
      const event = reader.next();
      if (!event) return undefined;
      if (event.type === "start") {
        info.digestSum = event.strongSum ?? null;
      } else if (event.type === "copy") {
        info.copyCount++;
        info.copiedBytes += event.length;
        info.leastBasisLength = Math.max(info.leastBasisLength, event.offset + event.length);
      } else if (event.type === "data") {
        // A long command comes in pieces. Only the first piece follows the bytes of the command itself.
        if (input.position - position > event.bytes.length) info.dataCount++;
        info.literalBytes += event.bytes.length;
      } else {
        info.digest = event.digest ?? null;
        info.commandCount = info.copyCount + info.dataCount;
        info.targetLength = info.copiedBytes + info.literalBytes;
        info.length = input.position;
        return info;
      }
      position = input.position;
    }
  };
}
