/** SHA-256 (FIPS 180-4) of a whole file, in pieces. */
export interface Sha256 {
  /** Takes the next bytes. They may change afterwards. */
  update(bytes: Uint8Array): void;
  /** The 32 bytes of the sum. The digest ends, as by `release`. */
  digest(): Uint8Array<ArrayBuffer>;
  /** Ends the digest. It may be called at any time, and again. A digest that is dropped without it costs nothing. */
  release(): void;
}

/** Starts a digest. */
export type MakeSha256 = () => Sha256;
