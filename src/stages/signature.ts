import { hex, kindOf } from "../common/bytes.ts";
import type { LoadedSig } from "../engine/sig_loader.ts";
import type { Format } from "../formats/format.ts";
import type { Backend, Kernel, StrongSum, WeakSum } from "../kernel/interface.ts";

/** What a signature is made of. */
export interface SignatureParts extends LoadedSig {
  readonly format: Format;
  readonly kernel: Kernel;
}

let create: (parts: SignatureParts) => Signature;
let partsOf: (signature: Signature) => SignatureParts;
let hasParts: (value: unknown) => value is Signature;

/**
 * A signature that was read and indexed. It is immutable, and good for any number of deltas, also at the same time.
 *
 * {@linkcode loadSigs} makes it. It takes at most 64 bytes of memory for each block.
 *
 * @example What a signature says
 * ```ts
 * import { loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob([new Uint8Array(10_000)]);
 * const sigs = await loadSigs(basis.stream().pipeThrough(sigStream({ blockLength: 1024 })));
 *
 * assert.deepEqual([sigs.format, sigs.blockLength, sigs.sigCount], ["rsync-streams", 1024, 10]);
 * assert.equal(sigs.fileLength, 10_000);
 * ```
 */
export class Signature {
  readonly #parts: SignatureParts;

  static {
    hasParts = (value) => typeof value === "object" && value !== null && #parts in value;
    create = (parts) => new Signature(parts);
    partsOf = (signature) => signature.#parts;
  }

  private constructor(parts: SignatureParts) {
    if (!parts?.index) throw new TypeError("Cannot construct a Signature: loadSigs() makes it");
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

  /** How many blocks it has sums of. */
  get sigCount(): number {
    return this.#parts.index.count;
  }

  /** Length of the basis in bytes, if the format carries it. */
  get fileLength(): number | undefined {
    return this.#parts.trailer.fileLength;
  }

  /** SHA-256 of the whole basis in hexadecimal digits, if the signature carries it. */
  get digest(): string | undefined {
    const { digest } = this.#parts.trailer;
    return digest && hex(digest);
  }

  /** Bytes of memory that the index takes. */
  get byteLength(): number {
    return this.#parts.index.byteLength;
  }

  /** Which backend computes the sums of its deltas. */
  get backend(): Backend {
    return this.#parts.index.backend;
  }

  /**
   * What `console.log` shows in Node and Bun.
   * @ignore
   */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return describe(this);
  }

  /**
   * What `console.log` shows in Deno.
   * @ignore
   */
  [Symbol.for("Deno.customInspect")](): string {
    return describe(this);
  }

  /** Describes it in a line. */
  toString(): string {
    return describe(this);
  }
}

function describe({ format, sigCount, blockLength, weakSum, strongSum, strongLength, fileLength }: Signature): string {
  const length = fileLength === undefined ? "" : `, file of ${fileLength} bytes`;
  return `Signature { ${format}, ${sigCount} blocks of ${blockLength} bytes, ${weakSum}, ` +
    `${strongSum} (${strongLength} bytes)${length} }`;
}

/** Whether a value is what `loadSigs` returned. */
export function isSignature(value: unknown): value is Signature {
  return hasParts(value);
}

/** Makes a signature, for the library's own modules. */
export function createSignature(parts: SignatureParts): Signature {
  return create(parts);
}

/**
 * What a signature is made of, for the library's own modules.
 *
 * @throws {TypeError} If it is not a signature.
 */
export function signatureParts(signature: Signature): SignatureParts {
  if (!isSignature(signature)) {
    throw new TypeError(
      `Cannot use the signature: ${kindOf(signature)} was given, what loadSigs() returns was expected`,
    );
  }
  return partsOf(signature);
}
