import { giveWay } from "../common/give_way.ts";
import { RsyncError } from "../common/rsync_error.ts";
import type { SigEvent, SigHeader } from "../engine/interface.ts";
import { type LoadedSig, SigLoader } from "../engine/sig_loader.ts";
import type { FormatCodec } from "../formats/interface.ts";
import type { Format } from "../formats/format.ts";
import { formats } from "../formats/mod.ts";
import { RecognizingReader } from "../formats/recognize.ts";
import type { Kernel, SumBatch } from "../kernel/interface.ts";
import { type ByteSource, readChunks } from "../streams/byte_source.ts";
import { createSignature, type Signature } from "./signature.ts";

/** What is known of a signature before it is read. */
export interface LoadParts {
  /** Recognized if undefined. */
  readonly format: Format | undefined;
  /** For formats that do not carry it. */
  readonly header: SigHeader | undefined;
  /** Bytes of signature that are read at most. */
  readonly maxInputLength: number;
  readonly kernel: Kernel;
  /** Ends the work early. */
  readonly signal?: AbortSignal | undefined;
}

/** Reads a signature and indexes it. */
export async function loadSignature(source: ByteSource, parts: LoadParts): Promise<Signature> {
  const { format, header, maxInputLength, kernel, signal } = parts;
  const reader = new RecognizingReader<SigEvent>(
    "the signature",
    { kind: "signature", format },
    (format, bytes) => formats[format].sig.reader(bytes, header),
  );
  let loader: SigLoader | undefined;
  let length = 0;
  const work = () => {
    while (!loader?.isComplete) {
      const event = reader.next();
      if (!event) return;
      loader ??= new SigLoader(kernel, formats[reader.format!].search.keptBlock);
      loader.take(event);
    }
  };
  await readChunks(source, (chunk) => {
    length += chunk.length;
    if (length > maxInputLength) {
      throw new RsyncError(
        "limit",
        `Cannot read the signature: it is longer than maxInputLength, which is ${maxInputLength} bytes`,
        { offset: maxInputLength },
      );
    }
    reader.write(chunk);
    work();
  }, { signal });
  reader.end();
  work();
  return createSignature({ format: reader.format!, kernel, ...await finish(loader!, signal) });
}

async function finish(loader: SigLoader, signal?: AbortSignal): Promise<LoadedSig> {
  for (;;) {
    const loaded = loader.finish();
    if (loaded) return loaded;
    await giveWay();
    signal?.throwIfAborted();
  }
}

/** Takes records, and makes a signature of them that has no trailer. */
export interface RecordIndexer {
  add(batch: SumBatch): void;
  finish(): Promise<Signature>;
}

/** Indexes records that come from elsewhere than a file. */
export function indexRecords(codec: FormatCodec<Format>, header: SigHeader, kernel: Kernel): RecordIndexer {
  const loader = new SigLoader(kernel, codec.search.keptBlock);
  loader.take({ type: "header", header });
  return {
    add: (batch) => void loader.take({ type: "records", batch }),
    async finish() {
      loader.take({ type: "end", trailer: {} });
      return createSignature({ format: codec.name, kernel, ...await finish(loader) });
    },
  };
}
