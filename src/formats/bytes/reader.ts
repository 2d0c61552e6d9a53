import type { Inlet } from "../../engine/stage.ts";
import type { ByteReader } from "./byte_reader.ts";

/**
 * Reads the parts of a signature or a delta. It owns the bytes it reads: chunks go in by `write`, and parts come out by
 * `next`, which returns undefined if it needs more bytes, and is not called again after the last part.
 */
export interface Reader<Event> extends Inlet<Uint8Array> {
  next(): Event | undefined;
  /** Bytes read so far. */
  readonly position: number;
}

/** What all readers have in common. */
export abstract class FormatReader<Event> implements Reader<Event> {
  readonly bytes: ByteReader;

  /** @param bytes The bytes from the magic on. Nobody else uses them from now on. */
  constructor(bytes: ByteReader) {
    this.bytes = bytes;
  }

  get position(): number {
    return this.bytes.position;
  }

  write(chunk: Uint8Array): void {
    this.bytes.push(chunk);
  }

  end(): void {
    this.bytes.end();
  }

  abstract next(): Event | undefined;
}
