import type { StrongSum } from "./interface.ts";

/** Copies bytes of the basis. */
export interface CopyCommand {
  /** Which bytes: offset and length in the basis. */
  copy: { offset: number; length: number };
  /** Not here: that tells the two kinds apart. */
  data?: undefined;
}

/** Adds literal bytes. */
export interface DataCommand {
  /** The bytes. */
  data: Uint8Array;
  /** Not here: that tells the two kinds apart. */
  copy?: undefined;
  /**
   * Only with no bytes, as the first and the last command of a delta that carries a digest of its target: which digest, and at the
   * end the digest itself. So a delta that is decoded and encoded again keeps its digest.
   */
  digest?: { strongSum: StrongSum; sum?: Uint8Array };
}

/** One command of a delta. */
export type DeltaCommand = CopyCommand | DataCommand;
