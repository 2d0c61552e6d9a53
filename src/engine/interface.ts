/**
 * What passes between the engine and the codecs: records of a signature and commands of a delta, as values. The
 * engine knows no format; a codec knows no kernel, and has from here what it needs to know of sums.
 */
import type { StrongSum, SumBatch, SumParams } from "../kernel/interface.ts";

export type { StrongSum, SumBatch, SumParams, TailRule, WeakSum } from "../kernel/interface.ts";
export { SHINGLE_LENGTH, WORST_HASH } from "../kernel/rules/anchor.ts";
export { wholeStrongLength } from "../kernel/rules/strong_length.ts";
export { createBatch } from "../kernel/sum_batch.ts";

/** What a signature says about itself before its records. */
export interface SigHeader extends SumParams {
  /** Whether the trailer has a digest of the whole file. */
  readonly hasDigest: boolean;
}

/** What a signature says about itself after its records. */
export interface SigTrailer {
  /** Length of the basis, if the format tells. */
  readonly fileLength?: number;
  /** Digest of the basis, if asked for. */
  readonly digest?: Uint8Array;
}

/** Writes a signature. */
export interface SigWriter {
  header(header: SigHeader): void;
  records(batch: SumBatch): void;
  trailer(trailer: SigTrailer): void;
}

/** What was read of a signature. */
export type SigEvent =
  | { type: "header"; header: SigHeader }
  /** The batch is good until the next call. */
  | { type: "records"; batch: SumBatch }
  | { type: "end"; trailer: SigTrailer };

/** Reads a signature; `next` gives undefined if it needs more bytes. */
export interface SigReader {
  next(): SigEvent | undefined;
}

/** Takes the commands of a delta, one after the other. */
export interface CommandSink {
  /** Before all others. */
  start(strongSum: StrongSum | undefined): void;
  /** Copies from the basis. */
  copy(offset: number, length: number): void;
  /** Literal bytes; the view is not used after the call. */
  data(bytes: Uint8Array): void;
  /** After all others: the target's length and digest. */
  end(targetLength: number, digest: Uint8Array | undefined): void;
}

/** What was read of a delta. */
export type DeltaEvent =
  | { type: "start"; strongSum: StrongSum | undefined }
  | { type: "copy"; offset: number; length: number }
  /** The bytes belong to whoever gets the event. */
  | { type: "data"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "end"; targetLength: number | undefined; digest: Uint8Array | undefined };

/** Reads a delta; `next` gives undefined if it needs more bytes. */
export interface DeltaReader {
  next(): DeltaEvent | undefined;
}

/** Where a writer's bytes gather until a stage gives them. */
export interface Output {
  /** Bytes written and not yet taken. */
  readonly length: number;
  /** Those bytes, in a buffer of their own. */
  take(): Uint8Array<ArrayBuffer>;
}

/** Where a reader's bytes come from. */
export interface Input {
  /** Bytes read so far. */
  readonly position: number;
  push(chunk: Uint8Array): void;
  end(): void;
}
