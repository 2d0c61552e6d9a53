/** Finding out by the first bytes which format a signature or a delta has. Nothing else compares a magic. */
import { hex, startsWith } from "../common/bytes.ts";
import type { DeltaEvent, SigEvent, SigHeader } from "../engine/interface.ts";
import { ByteReader } from "./bytes/byte_reader.ts";
import type { Reader } from "./bytes/reader.ts";
import type { DeltaParams, DeltaReader, FormatCodec, SigReader } from "./interface.ts";
import { type Format, formats } from "./mod.ts";

/** Bytes that say what a file is. */
export const MAGIC_LENGTH = 4;

/** The first bytes of compressed files. Brotli has no magic, so it cannot be recognized. */
const COMPRESSED: Readonly<Record<string, Uint8Array>> = {
  gzip: Uint8Array.of(0x1f, 0x8b),
  zstd: Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd),
  xz: Uint8Array.of(0xfd, 0x37, 0x7a, 0x58),
  bzip2: Uint8Array.of(0x42, 0x5a, 0x68),
};

/** Names the program that a file was compressed with, by its first {@linkcode MAGIC_LENGTH} bytes. */
export function findCompression(bytes: Uint8Array): string | undefined {
  return Object.keys(COMPRESSED).find((name) => startsWith(bytes, COMPRESSED[name]));
}

/** What a file can be. */
export type FileKind = "signature" | "delta";

/** What a file turned out to be. */
export type Recognized =
  | { kind: "signature"; codec: FormatCodec<Format>; reader: SigReader }
  | { kind: "delta"; codec: FormatCodec<Format>; reader: DeltaReader };

/** What is known of a file before it is read. */
export interface Expected {
  /** Its format. Formats without a magic have to be named. */
  readonly format?: Format | undefined;
  /** Its kind. With a format without a magic it has to be said. */
  readonly kind?: FileKind | undefined;
  /** For a signature in a format without a magic. */
  readonly header?: SigHeader | undefined;
  /** For a delta in a format without a magic. */
  readonly params?: DeltaParams | undefined;
}

/** Takes the bytes of a signature or a delta, and hands them on to the reader of its format. */
export class Recognizer {
  readonly #bytes: ByteReader;
  readonly #expected: Expected;
  #result: Recognized | undefined;

  /** @param what What is being read, for messages: "the delta". */
  constructor(what: string, expected: Expected) {
    this.#bytes = new ByteReader(what);
    this.#expected = expected;
    const { format } = expected;
    if (format && !formats[format].isSelfDescribing) this.#result = this.#open(formats[format], expected.kind!);
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#bytes.position;
  }

  write(chunk: Uint8Array): void {
    this.#bytes.push(chunk);
  }

  end(): void {
    this.#bytes.end();
  }

  /**
   * What the file is, or undefined while more bytes are needed.
   *
   * @throws {RsyncError} If it is nothing that was expected: `bad-magic`, or `truncated` if it is too short to say.
   */
  result(): Recognized | undefined {
    return this.#result ??= this.#recognize();
  }

  #recognize(): Recognized | undefined {
    const bytes = this.#bytes.peek(MAGIC_LENGTH);
    if (!bytes) return undefined;
    const { format, kind } = this.#expected;
    const codecs = format ? [formats[format]] : Object.values(formats);
    for (const codec of codecs) {
      if (kind !== "delta" && startsWith(bytes, codec.sig.magic)) return this.#open(codec, "signature");
      if (kind !== "signature" && startsWith(bytes, codec.delta.magic)) return this.#open(codec, "delta");
    }
    throw this.#bytes.error("bad-magic", this.#complaint(bytes));
  }

  #open(codec: FormatCodec<Format>, kind: FileKind): Recognized {
    const { header, params = {} } = this.#expected;
    return kind === "signature"
      ? { kind, codec, reader: codec.sig.reader(this.#bytes, header) }
      : { kind, codec, reader: codec.delta.reader(this.#bytes, params) };
  }

  #complaint(bytes: Uint8Array): string {
    const { format, kind } = this.#expected;
    const seen = `the first bytes are ${hex(bytes, " ")}`;
    const codecs = Object.values(formats);
    if (kind === "signature" && codecs.some(({ delta }) => startsWith(bytes, delta.magic))) {
      return `this is a delta; ${seen}`;
    }
    if (kind === "delta" && codecs.some(({ sig }) => startsWith(bytes, sig.magic))) {
      return `this is a signature; ${seen}`;
    }
    const program = findCompression(bytes);
    if (program) return `it is compressed with ${program}: decompress it first; ${seen}`;
    const wanted = `a ${kind ?? "signature or a delta"}${format ? ` of the format ${format}` : ""}`;
    const unrecognized = codecs.filter(({ isSelfDescribing }) => !isSelfDescribing).map(({ name }) => `"${name}"`);
    return `it is not ${wanted} (a format without a magic has to be named: ${unrecognized.join(", ")}); ${seen}`;
  }
}

/** A reader of signatures or deltas that finds out their format by itself. */
export class RecognizingReader<Event extends SigEvent | DeltaEvent> implements Reader<Event> {
  readonly #recognizer: Recognizer;

  constructor(what: string, expected: Expected & { readonly kind: FileKind }) {
    this.#recognizer = new Recognizer(what, expected);
  }

  /** The format, once it is known. */
  get codec(): FormatCodec<Format> | undefined {
    return this.#recognizer.result()?.codec;
  }

  get position(): number {
    return this.#recognizer.position;
  }

  write(chunk: Uint8Array): void {
    this.#recognizer.write(chunk);
  }

  end(): void {
    this.#recognizer.end();
  }

  next(): Event | undefined {
    return this.#recognizer.result()?.reader.next() as Event | undefined;
  }
}
