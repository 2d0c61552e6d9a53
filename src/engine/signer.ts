import { hex } from "../common/bytes.ts";
import type { BlockSummer, Kernel, SumBatch } from "../kernel/interface.ts";
import type { Digest, SigEvent, SigHeader } from "./interface.ts";
import { BUSY, DONE, type SourceResult, type Stage } from "./stage.ts";
import type { SigStats } from "./stats.ts";

/** Bytes of the basis summed at a time, and blocks: what a batch of records is made of at most. */
const TURN_LENGTH = 2 ** 20;
const TURN_BLOCKS = 8192;
const NO_BYTES = new Uint8Array(0);

/** What a signer needs. */
export interface SignerParts {
  readonly kernel: Kernel;
  readonly header: SigHeader;
  /** Whether a short last block has a record. */
  readonly hasShortBlock: boolean;
  /** Digest of the whole basis, if the signature shall carry it. */
  readonly digest: Digest | undefined;
}

/** Basis bytes → the parts of its signature. */
export class Signer implements Stage<Uint8Array<ArrayBuffer>, SigEvent> {
  readonly stats: SigStats = { bytesIn: 0, bytesOut: 0, sigCount: 0 };
  readonly #parts: SignerParts;
  readonly #summer: BlockSummer;
  readonly #digest: Digest | undefined;
  readonly #turnLength: number;
  #chunk = NO_BYTES;
  #at = 0;
  #hasStarted = false;
  #isEnded = false;
  #isSummed = false;
  #isDone = false;

  constructor(parts: SignerParts) {
    const { kernel, header } = parts;
    this.#parts = parts;
    this.#summer = kernel.summer(header);
    this.#digest = parts.digest;
    this.#turnLength = Math.min(TURN_LENGTH, TURN_BLOCKS * header.blockLength);
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  end(): void {
    this.#isEnded = true;
  }

  next(): SourceResult<SigEvent> {
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      return { type: "header", header: this.#parts.header };
    }
    if (this.#at < this.#chunk.length) return this.#takeIn();
    this.#chunk = NO_BYTES;
    this.#at = 0;
    return this.#isEnded ? this.#finish() : undefined;
  }

  release(): void {}

  #takeIn(): SourceResult<SigEvent> {
    const bytes = this.#chunk.subarray(this.#at, this.#at + this.#turnLength);
    this.#at += bytes.length;
    this.stats.bytesIn += bytes.length;
    this.#digest?.update(bytes);
    return this.#records(this.#summer.sum(bytes));
  }

  /** Returns the records of what is left, then the trailer, then {@linkcode DONE}. */
  #finish(): SourceResult<SigEvent> {
    if (!this.#isSummed) {
      this.#isSummed = true;
      return this.#records(this.#summer.finish(this.#parts.hasShortBlock));
    }
    if (this.#isDone) return DONE;
    this.#isDone = true;
    const digest = this.#digest?.digest();
    if (digest) this.stats.digest = hex(digest);
    return { type: "end", trailer: { fileLength: this.stats.bytesIn, ...(digest && { digest }) } };
  }

  #records(batch: SumBatch): SourceResult<SigEvent> {
    if (batch.count === 0) return BUSY;
    this.stats.sigCount += batch.count;
    return { type: "records", batch };
  }
}
