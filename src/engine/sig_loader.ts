import type { IndexBuilder, KeptBlock, Kernel, SearchIndex } from "../kernel/interface.ts";
import type { SigEvent, SigHeader, SigTrailer } from "./interface.ts";

/** A signature that was read and indexed. */
export interface LoadedSig {
  readonly header: SigHeader;
  readonly trailer: SigTrailer;
  readonly index: SearchIndex;
}

/** The parts of a signature → an index. */
export class SigLoader {
  readonly #kernel: Kernel;
  readonly #kept: KeptBlock;
  #header: SigHeader | undefined;
  #builder: IndexBuilder | undefined;

  /** @param kept Which of several equal blocks the index keeps. */
  constructor(kernel: Kernel, kept: KeptBlock) {
    this.#kernel = kernel;
    this.#kept = kept;
  }

  /** Takes the next part. Returns the result once that was the last one. */
  take(event: SigEvent): LoadedSig | undefined {
    if (event.type === "header") {
      this.#header = event.header;
      this.#builder = this.#kernel.index(event.header, this.#kept);
    } else if (event.type === "records") {
      this.#builder!.add(event.batch);
    } else {
      const header = this.#header!;
      const { trailer } = event;
      return { header, trailer, index: this.#builder!.finish(lastLength(header, trailer)) };
    }
    return undefined;
  }
}

function lastLength({ blockLength }: SigHeader, { fileLength }: SigTrailer): number | undefined {
  return fileLength === undefined ? undefined : (fileLength % blockLength) || blockLength;
}
