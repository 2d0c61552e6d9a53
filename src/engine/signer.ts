import { hex } from "../common/bytes.ts";
import type { BlockSummer, Kernel } from "../kernel/interface.ts";
import { InputWindow } from "./input_window.ts";
import type { Digest, SigEvent, SigHeader } from "./interface.ts";
import { BUSY, DONE, type SourceResult, type Stage } from "./stage.ts";
import type { SigStats } from "./stats.ts";

/** Bytes of the basis summed in one call of the kernel; a block if that is longer. */
const BATCH_LENGTH = 2 ** 20;
const MAX_BATCH_COUNT = 65_536;
/** Bytes of a chunk taken in at a time. */
const TURN_LENGTH = 2 ** 20;
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
  readonly #window: InputWindow;
  #chunk = NO_BYTES;
  #at = 0;
  #hasStarted = false;
  #isEnded = false;
  #isDone = false;

  constructor(parts: SignerParts) {
    const { kernel, header } = parts;
    this.#parts = parts;
    this.#summer = kernel.summer(header);
    this.#digest = parts.digest;
    const count = Math.floor(BATCH_LENGTH / header.blockLength);
    this.#window = new InputWindow(this.#summer, Math.min(MAX_BATCH_COUNT, Math.max(1, count)) * header.blockLength);
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
    // The batch given last has been taken by now.
    if (this.#window.isFull) this.#window.drop(this.#window.length);
    if (this.#at < this.#chunk.length) {
      this.#takeIn();
      if (this.#window.isFull) return this.#sum(this.#window.length);
      if (this.#at < this.#chunk.length) return BUSY;
    }
    this.#chunk = NO_BYTES;
    this.#at = 0;
    return this.#isEnded ? this.#finish() : undefined;
  }

  release(): void {
    this.#summer.release();
    this.#digest?.release();
  }

  #takeIn(): void {
    const window = this.#window;
    const start = window.length;
    const count = window.fill(this.#chunk, this.#at, TURN_LENGTH);
    this.#at += count;
    this.stats.bytesIn += count;
    this.#digest?.update(window.view(start, start + count));
  }

  /** Returns the records of what is left, then the trailer, then {@linkcode DONE}. */
  #finish(): SourceResult<SigEvent> {
    if (this.#isDone) return DONE;
    const { header, hasShortBlock } = this.#parts;
    const { length } = this.#window;
    const summed = hasShortBlock ? length : length - length % header.blockLength;
    if (summed > 0) {
      const event = this.#sum(summed);
      this.#window.drop(length);
      return event;
    }
    this.#isDone = true;
    const digest = this.#digest?.digest();
    if (digest) this.stats.digest = hex(digest);
    return { type: "end", trailer: { fileLength: this.stats.bytesIn, ...(digest && { digest }) } };
  }

  #sum(length: number): SigEvent {
    const batch = this.#summer.sum(length);
    this.stats.sigCount += batch.count;
    return { type: "records", batch };
  }
}
