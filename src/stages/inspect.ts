/** What a signature or a delta is, found out by reading it once. Nothing of it is kept. */
import type { ByteReader } from "../formats/bytes/byte_reader.ts";
import type { DeltaReader, SigReader } from "../formats/interface.ts";
import type { Format } from "../formats/format.ts";
import { deltaReaders, formats } from "../formats/mod.ts";
import { type FileKind, Recognizer } from "../formats/recognize.ts";
import type { StrongSum, WeakSum } from "../kernel/interface.ts";
import { type ByteSource, readChunks } from "../streams/byte_source.ts";
import { checkDeltaParams } from "./delta_reader.ts";
import { checkGivenHeader } from "./sig_options.ts";

/** Bytes that are read before others can work: commands of two bytes take some 20 ms then. */
const PIECE_LENGTH = 2 ** 16;

/** What is known of a file before it is read. */
export interface InspectOptions {
  format?: Format | undefined;
  /** For formats whose files do not say it. */
  kind?: FileKind | undefined;
  /** For formats that do not carry it. */
  blockLength?: number | undefined;
}

/** What a signature is. What its format does not carry is null. */
export interface SigInfo {
  kind: "signature";
  format: Format;
  weakSum: WeakSum;
  strongSum: StrongSum;
  /** Bytes. */
  blockLength: number;
  /** Bytes. */
  strongLength: number;
  sigCount: number;
  /** Block lengths of a layered signature from the coarsest on. The fields above are those of the finest layer. */
  layerBlockLengths: readonly number[] | null;
  /** HTTP's entity tag of the basis, in a layered signature. */
  entityTag: string | null;
  /** When the basis was modified, in milliseconds since 1970, in a layered signature. */
  modifiedMs: number | null;
  /** Bytes of the basis. */
  fileLength: number | null;
  /** SHA-256 of the basis. */
  digest: Uint8Array | null;
  /** Bytes of the signature. */
  length: number;
}

/** What a delta is. What its format does not carry is null. */
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
  /** Bytes that the basis has at least: where the last of the copies ends. */
  minFileLength: number;
  /** SHA-256 of the target. */
  digest: Uint8Array | null;
  /** Bytes of the delta. */
  length: number;
}

/** Takes parts while a reader has them. Returns the result once it is complete. */
type Inspector = () => SigInfo | DeltaInfo | undefined;

/**
 * Finds out what a signature or a delta is. It may come from an untrusted peer: nothing is allocated by what it says.
 *
 * @param what What is being read, for messages.
 * @throws {RsyncError} If it is damaged, or neither.
 */
export async function inspect(
  source: ByteSource,
  what: string,
  options: InspectOptions = {},
): Promise<SigInfo | DeltaInfo> {
  const file = new Recognizer(what, options, inspectorsOf(options));
  let info: SigInfo | DeltaInfo | undefined;
  const work = () => {
    info ??= file.result()?.();
  };
  await readChunks(source, (chunk) => {
    file.write(chunk);
    work();
  }, { pieceLength: PIECE_LENGTH });
  file.end();
  work();
  return info!;
}

/** Makes an inspector of what was recognized. */
type OpenInspector = (format: Format, bytes: ByteReader, kind: FileKind) => Inspector;

function inspectorsOf(options: InspectOptions): OpenInspector {
  const { format, kind, blockLength } = options;
  const params = format && kind === "delta" ? checkDeltaParams(formats[format], blockLength) : {};
  const header = format && kind !== "delta" ? checkGivenHeader(formats[format], blockLength) : undefined;
  return (format, bytes, kind) => {
    return kind === "delta"
      ? deltaInspector(format, deltaReaders[format](bytes, params))
      : sigInspector(format, formats[format].sig.reader(bytes, header));
  };
}

function sigInspector(format: Format, reader: SigReader): Inspector {
  const info: SigInfo = {
    kind: "signature",
    format,
    weakSum: "rollsum",
    strongSum: "blake2b",
    blockLength: 0,
    strongLength: 0,
    sigCount: 0,
    layerBlockLengths: null,
    entityTag: null,
    modifiedMs: null,
    fileLength: null,
    digest: null,
    length: 0,
  };
  return () => {
    for (let event = reader.next(); event; event = reader.next()) {
      if (event.type === "header") {
        const { weakSum, strongSum, blockLength, strongLength } = event.header;
        Object.assign(info, { weakSum, strongSum, blockLength, strongLength });
      } else if (event.type === "records") {
        info.sigCount += event.batch.count;
      } else {
        const { fileLength = null, digest = null, layerBlockLengths = null } = event.trailer;
        const { entityTag = null, modifiedMs = null } = event.trailer;
        return Object.assign(info, {
          fileLength,
          digest,
          layerBlockLengths,
          entityTag,
          modifiedMs,
          length: reader.position,
        });
      }
    }
  };
}

function deltaInspector(format: Format, reader: DeltaReader): Inspector {
  const info: DeltaInfo = {
    kind: "delta",
    format,
    commandCount: 0,
    copyCount: 0,
    dataCount: 0,
    copiedBytes: 0,
    literalBytes: 0,
    targetLength: 0,
    minFileLength: 0,
    digest: null,
    length: 0,
  };
  /** Where the part before ended. */
  let position = 0;
  return () => {
    for (let event = reader.next(); event; event = reader.next()) {
      if (event.type === "copy") {
        info.copyCount++;
        info.copiedBytes += event.length;
        info.minFileLength = Math.max(info.minFileLength, event.offset + event.length);
      } else if (event.type === "data") {
        // A long command comes in pieces, of which the first has the bytes of the command itself before it.
        if (reader.position - position > event.bytes.length) info.dataCount++;
        info.literalBytes += event.bytes.length;
      } else if (event.type === "end") {
        info.digest = event.digest ?? null;
        info.commandCount = info.copyCount + info.dataCount;
        info.targetLength = info.copiedBytes + info.literalBytes;
        info.length = reader.position;
        return info;
      }
      position = reader.position;
    }
  };
}
