import type { BlockSummer, Digest, Kernel } from "../kernel/interface.ts";
import type { Output, SigHeader, SigWriter } from "./interface.ts";
import { DONE, type Stage, type StageResult } from "./stage.ts";
import type { SigStats } from "./stats.ts";
import { TailBuffer } from "./tail_buffer.ts";

/** Bytes of the basis summed in one call of the kernel; a block if that is longer. */
const BATCH_LENGTH = 2 ** 20;
const MAX_BATCH_COUNT = 65_536;
const NO_BYTES = new Uint8Array(0);

/** What a signer needs. */
export interface SignerParts {
  readonly kernel: Kernel;
  readonly header: SigHeader;
  /** Whether a short last block has a record. */
  readonly hasShortBlock: boolean;
  readonly writer: SigWriter;
  /** Where the writer writes. */
  readonly output: Output;
}

/** Basis bytes → signature bytes. */
export class Signer implements Stage<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  readonly stats: SigStats = { bytesIn: 0, bytesOut: 0, sigCount: 0 };
  readonly #parts: SignerParts;
  readonly #summer: BlockSummer;
  readonly #digest: Digest | undefined;
  readonly #buffer: TailBuffer;
  #chunk = NO_BYTES;
  #at = 0;
  #isEnded = false;
  #isDone = false;

  constructor(parts: SignerParts) {
    const { kernel, header, writer } = parts;
    this.#parts = parts;
    this.#summer = kernel.summer(header);
    this.#digest = header.hasDigest ? kernel.digest(header.strongSum) : undefined;
    const count = Math.floor(BATCH_LENGTH / header.blockLength);
    this.#buffer = new TailBuffer(this.#summer, Math.min(MAX_BATCH_COUNT, Math.max(1, count)) * header.blockLength);
    writer.header(header);
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  end(): void {
    this.#isEnded = true;
  }

  next(): StageResult<Uint8Array<ArrayBuffer>> {
    const { output } = this.#parts;
    while (output.length === 0) {
      if (this.#isDone) return DONE;
      if (this.#at < this.#chunk.length) this.#takeIn();
      else if (this.#isEnded) this.#finish();
      else {
        this.#chunk = NO_BYTES;
        this.#at = 0;
        return undefined;
      }
    }
    const bytes = output.take();
    this.stats.bytesOut += bytes.length;
    return bytes;
  }

  release(): void {
    this.#summer.release();
    this.#digest?.release();
  }

  #takeIn(): void {
    const buffer = this.#buffer;
    const start = buffer.length;
    const count = buffer.fill(this.#chunk, this.#at);
    this.#at += count;
    this.stats.bytesIn += count;
    this.#digest?.update(buffer.view(start, start + count));
    if (buffer.isFull) this.#sum(buffer.length);
  }

  #finish(): void {
    const { header, hasShortBlock, writer } = this.#parts;
    const { length } = this.#buffer;
    this.#sum(hasShortBlock ? length : length - length % header.blockLength);
    const digest = this.#digest?.digest();
    writer.trailer({ fileLength: this.stats.bytesIn, ...(digest && { digest }) });
    this.#isDone = true;
  }

  #sum(length: number): void {
    if (length > 0) {
      const batch = this.#summer.sum(length);
      this.stats.sigCount += batch.count;
      this.#parts.writer.records(batch);
    }
    this.#buffer.drop(this.#buffer.length);
  }
}
