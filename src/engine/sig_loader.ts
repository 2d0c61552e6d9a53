import { RsyncError } from "../common/rsync_error.ts";
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
  #trailer: SigTrailer | undefined;

  /** @param kept Which of several equal blocks the index keeps. */
  constructor(kernel: Kernel, kept: KeptBlock) {
    this.#kernel = kernel;
    this.#kept = kept;
  }

  /** Whether the last part was taken. */
  get isComplete(): boolean {
    return this.#trailer !== undefined;
  }

  /** Takes the next part. */
  take(event: SigEvent): void {
    if (event.type === "header") {
      this.#header = event.header;
      this.#builder = this.#kernel.index(event.header, this.#kept);
    } else if (event.type === "records") {
      orLimit(() => this.#builder!.add(event.batch));
    } else {
      this.#trailer = event.trailer;
    }
  }

  /** Goes on with the index after the last part. Returns undefined until it is done, so that others can work. */
  finish(): LoadedSig | undefined {
    const header = this.#header!;
    const trailer = this.#trailer!;
    const index = orLimit(() => this.#builder!.finish(lastLength(header, trailer)));
    return index && { header, trailer, index };
  }
}

/** Does work that takes as much memory as the signature is long. If that is refused, the error is a `limit`. */
function orLimit<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new RsyncError("limit", "Cannot index the signature: the runtime refuses the memory that it needs", {
      cause,
    });
  }
}

function lastLength({ blockLength }: SigHeader, { fileLength }: SigTrailer): number | undefined {
  return fileLength === undefined ? undefined : (fileLength % blockLength) || blockLength;
}
