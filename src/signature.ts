import type { Format } from "./formats/interface.ts";
import type { SigHeader, SigTrailer } from "./engine/interface.ts";
import type { Backend, Kernel, SearchIndex, StrongSum, WeakSum } from "./kernel/interface.ts";

/** What a signature is made of. */
export interface SignatureParts {
  format: Format;
  header: SigHeader;
  trailer: SigTrailer;
  index: SearchIndex;
  kernel: Kernel;
}

let partsOf: (signature: Signature) => SignatureParts;

/**
 * A signature that was read and indexed: immutable, and good for any number of deltas, also at the same time.
 *
 * {@linkcode loadSigs} makes it. Its memory is at most 64 bytes for each block.
 */
export class Signature {
  readonly #parts: SignatureParts;

  static {
    partsOf = (signature) => signature.#parts;
  }

  /** Made by {@linkcode loadSigs} alone. */
  constructor(parts: SignatureParts) {
    this.#parts = parts;
  }

  /** The wire format it was read from. */
  get format(): Format {
    return this.#parts.format;
  }

  /** Bytes of a block. */
  get blockLength(): number {
    return this.#parts.header.blockLength;
  }

  /** The weak sum of its records. */
  get weakSum(): WeakSum {
    return this.#parts.header.weakSum;
  }

  /** The strong sum of its records. */
  get strongSum(): StrongSum {
    return this.#parts.header.strongSum;
  }

  /** Bytes kept of each strong sum. */
  get strongLength(): number {
    return this.#parts.header.strongLength;
  }

  /** Blocks: records in the signature. */
  get count(): number {
    return this.#parts.index.count;
  }

  /** Length of the basis in bytes, if the format tells. */
  get fileLength(): number | undefined {
    return this.#parts.trailer.fileLength;
  }

  /** Digest of the whole basis by the function of the strong sum, if the signature carries it. */
  get digest(): Uint8Array | undefined {
    return this.#parts.trailer.digest?.slice();
  }

  /** Bytes of memory that the index holds. */
  get byteLength(): number {
    return this.#parts.index.byteLength;
  }

  /** What computes the sums of its deltas. */
  get backend(): Backend {
    return this.#parts.kernel.backend;
  }
}

/**
 * What a signature is made of, for the library's own modules.
 *
 * @throws {TypeError} If it is not a signature.
 */
export function signatureParts(signature: Signature): SignatureParts {
  if (!(signature instanceof Signature)) {
    throw new TypeError("Cannot use the signature: loadSigs() gives one, and this is not it");
  }
  return partsOf(signature);
}
