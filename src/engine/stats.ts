/** What a signature stream has done so far. */
export interface SigStats {
  /** Bytes written to the stream and taken up. */
  bytesIn: number;
  /** What `bytesIn` will be at the end, if that is known: the `fileLength`, or the length of a Blob or of bytes. */
  total?: number;
  /** Bytes that the stream gave. */
  bytesOut: number;
  /** Blocks summed: records in the signature. */
  sigCount: number;
  /** SHA-256 of the basis in hexadecimal digits, at the end of a signature that carries it. */
  digest?: string;
}

/** What a patch stream, or a decoding or encoding one, has done so far. */
export interface PatchStats {
  /** Bytes of delta read, or of target written to an encoding stream as data. */
  bytesIn: number;
  /** What `bytesIn` will be at the end, if that is known: the length of a Blob or of bytes in memory. */
  total?: number;
  /** Bytes that the stream gave. */
  bytesOut: number;
  /** Bytes of the target that are copied from the basis. */
  copiedBytes: number;
  /** Bytes of the target that are in the delta. */
  literalBytes: number;
  /** SHA-256 of the target in hexadecimal digits, once it is known; of a patch, once it is verified. */
  digest?: string;
}

/** What a delta stream has done so far. */
export interface DeltaStats extends PatchStats {
  /** Blocks in the signature. */
  sigCount: number;
  /** Windows whose weak sum is known and whose strong sum is not. */
  falseAlarms: number;
  /** Windows whose weak and strong sums are known: blocks matched. */
  goodAlarms: number;
}
