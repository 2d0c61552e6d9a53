import type { IndexBuilder, KeptBlock, Kernel, SearchIndex } from "../kernel/interface.ts";
import type { SigHeader, SigReader, SigTrailer } from "./interface.ts";

/** Signature bytes → index. */
export class SigLoader {
  readonly #reader: SigReader;
  readonly #kernel: Kernel;
  readonly #kept: KeptBlock;
  #header: SigHeader | undefined;
  #builder: IndexBuilder | undefined;
  #trailer: SigTrailer | undefined;

  constructor(reader: SigReader, kernel: Kernel, kept: KeptBlock) {
    this.#reader = reader;
    this.#kernel = kernel;
    this.#kept = kept;
  }

  /** Reads as far as there are bytes. */
  read(): void {
    while (!this.#trailer) {
      const event = this.#reader.next();
      if (!event) return;
      if (event.type === "header") {
        this.#header = event.header;
        this.#builder = this.#kernel.index(event.header, this.#kept);
      } else if (event.type === "records") {
        this.#builder!.add(event.batch);
      } else {
        this.#trailer = event.trailer;
      }
    }
  }

  /** Makes the index, once everything was read. */
  finish(): { header: SigHeader; trailer: SigTrailer; index: SearchIndex } {
    const header = this.#header!;
    const trailer = this.#trailer!;
    const index = this.#builder!.finish(lastLength(header, trailer));
    return { header, trailer, index };
  }
}

function lastLength({ blockLength }: SigHeader, { fileLength }: SigTrailer): number | undefined {
  return fileLength === undefined ? undefined : (fileLength % blockLength) || blockLength;
}
