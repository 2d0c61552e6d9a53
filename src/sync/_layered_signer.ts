import { hex } from "../common/bytes.ts";
import { createDigest } from "../stages/digest.ts";
import type { SigEvent } from "../engine/interface.ts";
import { Signer } from "../engine/signer.ts";
import { BUSY, DONE, type SourceResult, type Stage } from "../engine/stage.ts";
import type { SigStats } from "../engine/stats.ts";
import { LayeredSigWriter } from "../formats/rsync_streams/layered_writer.ts";
import type { LayeredHeader } from "../formats/rsync_streams/layers.ts";
import type { Kernel } from "../kernel/interface.ts";

/** Which version of a file is signed. */
export interface FileLabel {
  /** HTTP's entity tag. */
  readonly entityTag: string | undefined;
  /** When the file was modified, in milliseconds since 1970. */
  readonly modifiedMs: number | undefined;
}

/** File bytes → bytes of its layered signature: a signer for each layer, side by side. */
export class LayeredSigner implements Stage<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  readonly #header: LayeredHeader;
  readonly #label: FileLabel;
  readonly #writer: LayeredSigWriter;
  /** From the coarsest layer on. */
  readonly #signers: readonly Signer[];
  readonly #finest: Signer;

  constructor(header: LayeredHeader, label: FileLabel, kernel: Kernel) {
    const { layers, weakSum, strongSum, salt } = header;
    this.#header = header;
    this.#label = label;
    this.#writer = new LayeredSigWriter(header);
    this.#signers = layers.map(({ blockLength, strongLength }, layer) => {
      const hasDigest = layer === layers.length - 1;
      const sums = { weakSum, strongSum, blockLength, strongLength, salt, hasDigest };
      return new Signer({
        kernel,
        header: sums,
        hasShortBlock: true,
        digest: hasDigest ? createDigest(kernel.backend) : undefined,
      });
    });
    this.#finest = this.#signers.at(-1)!;
  }

  /** Those of the finest layer. `bytesOut` counts all bytes. */
  get stats(): SigStats {
    return this.#finest.stats;
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    for (const signer of this.#signers) signer.write(chunk);
  }

  end(): void {
    for (const signer of this.#signers) signer.end();
  }

  next(): SourceResult<Uint8Array<ArrayBuffer>> {
    for (const [layer, signer] of this.#signers.entries()) {
      if (signer === this.#finest) break;
      const part = signer.next();
      if (part === undefined || part === DONE) continue;
      if (part !== BUSY) this.#take(part, layer);
      // This layer has more of the chunk to work on.
      return BUSY;
    }
    const layer = this.#signers.length - 1;
    while (this.#writer.length === 0) {
      const part = this.#finest.next();
      if (part === undefined || part === DONE || part === BUSY) return part;
      this.#take(part, layer);
    }
    const bytes = this.#writer.take();
    this.stats.bytesOut += bytes.length;
    return bytes;
  }

  release(): void {
    for (const signer of this.#signers) signer.release();
  }

  #take(part: SigEvent, layer: number): void {
    if (part.type === "records") this.#writer.records(layer, part.batch);
    // The finest layer is worked on last, so all records of the others are there.
    if (part.type === "end" && layer === this.#signers.length - 1) {
      const { fileLength, digest } = part.trailer;
      this.#writer.end({ ...this.#header, ...this.#label, fileLength: fileLength!, digest: hex(digest!) });
    }
  }
}
