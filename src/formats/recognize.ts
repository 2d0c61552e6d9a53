/** Finding out by the first bytes which format a signature or a delta has. Nothing else compares a magic. */
import { hex, startsWith } from "../common/bytes.ts";
import { ByteReader } from "./bytes/byte_reader.ts";
import type { Reader } from "./bytes/reader.ts";
import type { Format } from "./format.ts";
import { formatTraits } from "./mod.ts";

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

/** What is known of a file before it is read. */
export interface Expected {
  /** Its format. Formats without a magic have to be named. */
  readonly format?: Format | undefined;
  /** Its kind. With a format without a magic it has to be said. */
  readonly kind?: FileKind | undefined;
}

/** Takes the bytes of a signature or a delta, and hands them on to what its format needs to read it. */
export class Recognizer<Opened> {
  readonly #bytes: ByteReader;
  readonly #expected: Expected;
  readonly #open: (format: Format, bytes: ByteReader, kind: FileKind) => Opened;
  #result: Opened | undefined;

  /**
   * @param what What is being read, for messages: "the delta".
   * @param open Makes the reader. It owns the bytes from then on.
   */
  constructor(
    what: string,
    expected: Expected,
    open: (format: Format, bytes: ByteReader, kind: FileKind) => Opened,
  ) {
    this.#bytes = new ByteReader(what);
    this.#expected = expected;
    this.#open = open;
    const { format, kind } = expected;
    if (format && !formatTraits[format].isSelfDescribing) this.#result = open(format, this.#bytes, kind!);
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
   * What was opened, or undefined while more bytes are needed.
   *
   * @throws {RsyncError} If it is nothing that was expected: `bad-magic`, or `truncated` if it is too short to say.
   */
  result(): Opened | undefined {
    return this.#result ??= this.#recognize();
  }

  #recognize(): Opened | undefined {
    const bytes = this.#bytes.peek(MAGIC_LENGTH);
    if (!bytes) return undefined;
    const { format, kind } = this.#expected;
    const candidates = format ? [formatTraits[format]] : Object.values(formatTraits);
    for (const { name, sigMagic, deltaMagic } of candidates) {
      if (kind !== "delta" && startsWith(bytes, sigMagic)) return this.#open(name, this.#bytes, "signature");
      if (kind !== "signature" && startsWith(bytes, deltaMagic)) return this.#open(name, this.#bytes, "delta");
    }
    throw this.#bytes.error("bad-magic", this.#complaint(bytes));
  }

  #complaint(bytes: Uint8Array): string {
    const { format, kind } = this.#expected;
    const seen = `the first bytes are ${hex(bytes, " ")}`;
    const all = Object.values(formatTraits);
    if (kind === "signature" && all.some(({ deltaMagic }) => startsWith(bytes, deltaMagic))) {
      return `this is a delta; ${seen}`;
    }
    if (kind === "delta" && all.some(({ sigMagic }) => startsWith(bytes, sigMagic))) {
      return `this is a signature; ${seen}`;
    }
    const program = findCompression(bytes);
    if (program) return `it is compressed with ${program}: decompress it first; ${seen}`;
    const wanted = `a ${kind ?? "signature or a delta"}${format ? ` of the format ${format}` : ""}`;
    const unrecognized = all.filter(({ isSelfDescribing }) => !isSelfDescribing).map(({ name }) => `"${name}"`);
    return `it is not ${wanted} (a format without a magic has to be named: ${unrecognized.join(", ")}); ${seen}`;
  }
}

/** A reader of signatures or of deltas that finds out their format by itself. */
export class RecognizingReader<Event, Opened extends Reader<Event> = Reader<Event>> implements Reader<Event> {
  readonly #recognizer: Recognizer<{ format: Format; reader: Opened }>;

  /** @param open Makes the reader of a format. */
  constructor(
    what: string,
    expected: Expected & { readonly kind: FileKind },
    open: (format: Format, bytes: ByteReader) => Opened,
  ) {
    this.#recognizer = new Recognizer(what, expected, (format, bytes) => ({ format, reader: open(format, bytes) }));
  }

  /** The format, once it is known. */
  get format(): Format | undefined {
    return this.#recognizer.result()?.format;
  }

  /** The reader of that format, once it is known. */
  get reader(): Opened | undefined {
    return this.#recognizer.result()?.reader;
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
    return this.reader?.next();
  }
}
