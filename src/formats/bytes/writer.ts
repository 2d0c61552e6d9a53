import type { DeltaEvent, SigEvent, SigHeader, SigTrailer } from "../../engine/interface.ts";
import type { SumBatch } from "../../kernel/interface.ts";
import { ByteWriter } from "./byte_writer.ts";

/** Writes the parts of a signature or a delta, and holds what it made until that is taken: bytes, most of the time. */
export interface Writer<Event, Out = Uint8Array<ArrayBuffer>> {
  /** Writes one part. Views in it are not used after the call. */
  write(event: Event): void;
  /** How much was made and not yet taken. */
  readonly length: number;
  /** Returns that. Nobody else has it. */
  take(): Out;
}

/** What all writers of signatures have in common. */
export abstract class SigEncoder implements Writer<SigEvent> {
  protected readonly out: ByteWriter = new ByteWriter();

  get length(): number {
    return this.out.length;
  }

  write(event: SigEvent): void {
    if (event.type === "header") this.header(event.header);
    else if (event.type === "records") this.records(event.batch);
    else this.trailer(event.trailer);
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.out.take();
  }

  protected abstract header(header: SigHeader): void;
  protected abstract records(batch: SumBatch): void;
  protected abstract trailer(trailer: SigTrailer): void;
}

/** Writes a delta, as bytes or as something else: a method for each kind of part. */
export abstract class DeltaWriter<Out = Uint8Array<ArrayBuffer>> implements Writer<DeltaEvent, Out> {
  abstract readonly length: number;
  abstract take(): Out;

  write(event: DeltaEvent): void {
    if (event.type === "copy") this.copy(event.offset, event.length);
    else if (event.type === "data") this.data(event.bytes);
    else if (event.type === "start") this.start(event.hasDigest);
    else this.end(event.targetLength!, event.digest);
  }

  abstract start(hasDigest: boolean): void;
  abstract copy(offset: number, length: number): void;
  /** The view is not used after the call. */
  abstract data(bytes: Uint8Array): void;
  abstract end(targetLength: number, digest: Uint8Array | undefined): void;
}

/** Writes each command as it comes, one for one. */
export abstract class DeltaEncoder extends DeltaWriter {
  protected readonly out: ByteWriter = new ByteWriter();

  get length(): number {
    return this.out.length;
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.out.take();
  }
}

/** Joins and splits commands on their way to another writer, which it owns. */
export abstract class DeltaShaper<Out> extends DeltaWriter<Out> {
  protected readonly writer: DeltaWriter<Out>;

  constructor(writer: DeltaWriter<Out>) {
    super();
    this.writer = writer;
  }

  get length(): number {
    return this.writer.length;
  }

  take(): Out {
    return this.writer.take();
  }

  start(hasDigest: boolean): void {
    this.writer.start(hasDigest);
  }
}
