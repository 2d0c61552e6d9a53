/** Copies bytes of the basis. */
export interface CopyCommand {
  /** Which bytes: offset and length in the basis. */
  copy: { offset: number; length: number };
  /** Never there: this is what tells the two kinds apart. */
  data?: undefined;
}

/** Adds literal bytes. */
export interface DataCommand {
  /** The bytes. */
  data: Uint8Array;
  /** Never there: this is what tells the two kinds apart. */
  copy?: undefined;
  /**
   * Only in a command without bytes, as the first and the last of a delta that carries a digest of its target: the
   * algorithm, and at the end the 32 bytes. It lets a delta keep its digest when it is decoded and encoded again.
   */
  digest?: { algorithm: "sha-256"; sum?: Uint8Array };
}

/** One command of a delta. */
export type DeltaCommand = CopyCommand | DataCommand;
