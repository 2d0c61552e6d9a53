/**
 * What passes between engine and codecs: the parts of a signature and the commands of a delta, as values. The engine
 * knows no format, and a codec knows no backend of the kernel.
 */
import type { SumBatch, SumParams } from "../kernel/interface.ts";

/** What a signature says about itself before its records. */
export interface SigHeader extends SumParams {
  /** Whether the trailer has a digest of the whole file. */
  readonly hasDigest: boolean;
}

/** SHA-256 of a whole file, computed along. */
export interface Digest {
  update(bytes: Uint8Array): void;
  /** Returns the 32 bytes, once. */
  digest(): Uint8Array<ArrayBuffer>;
  /** Gives memory back. */
  release(): void;
}

/** What a signature says about itself after its records. */
export interface SigTrailer {
  /** Length of the basis in bytes, if the format carries it. */
  readonly fileLength?: number;
  /** SHA-256 of the basis, if asked for. */
  readonly digest?: Uint8Array;
  /** Block lengths of all layers from the coarsest on, if there are several. */
  readonly layerBlockLengths?: readonly number[];
  /** HTTP's entity tag of the basis, if a layered signature has it. */
  readonly entityTag?: string | undefined;
  /** When the basis was modified, in milliseconds since 1970, if a layered signature has it. */
  readonly modifiedMs?: number | undefined;
}

/** A part of a signature: one header, any number of batches of records, one end. */
export type SigEvent =
  | { type: "header"; header: SigHeader }
  /** The batch is valid until the next call of whatever returned it. */
  | { type: "records"; batch: SumBatch }
  | { type: "end"; trailer: SigTrailer };

/** A part of a delta: one start, any number of copies and data, one end. */
export type DeltaEvent =
  /** Whether the delta ends in a digest of the target. */
  | { type: "start"; hasDigest: boolean }
  | { type: "copy"; offset: number; length: number }
  /** Literal bytes, valid until the next call of whatever returned them. */
  | { type: "data"; bytes: Uint8Array<ArrayBuffer> }
  /** Length and digest of the target, as far as the format carries them. */
  | { type: "end"; targetLength: number | undefined; digest: Uint8Array | undefined };

/** Room in a chunk of the target for what commands make. Whoever carries one out moves `at` on. */
export interface TargetRoom {
  /** The basis if it is in memory, else nothing. */
  readonly basis: Uint8Array;
  readonly out: Uint8Array<ArrayBuffer>;
  /** Where in `out` the next bytes go. */
  at: number;
  /** Where in `out` the last ones end at most. */
  readonly end: number;
  /** Commands that may be carried out. */
  readonly maxCommands: number;
  /** Bytes that were copied out of the basis. */
  copied: number;
}

/** The basis, read at random. */
export interface PatchBasis {
  /**
   * Puts 1 to `buffer.length` bytes from `offset` on at the start of `buffer`, or none at the end of the basis, and
   * returns how many.
   */
  readInto(buffer: Uint8Array<ArrayBuffer>, offset: number): number | Promise<number>;
  /** How many reads it may be asked for at once. One, if that is not said. */
  readonly readsAtOnce?: number | undefined;
  /** Makes a buffer for reads, whose bytes can be anything, in less time than one of zeros. */
  readonly createBuffer?: ((length: number) => Uint8Array<ArrayBuffer>) | undefined;
  /** All of it, if it is in memory. */
  readonly bytes?: Uint8Array | undefined;
  /** Its length in bytes, if known without a wait. */
  readonly size?: number | undefined;
  /** Tells its length in bytes, if known at all. */
  findSize?(): Promise<number | undefined>;
}
