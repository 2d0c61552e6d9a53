import { copyBytes } from "../../common/bytes.ts";
import type { SumBatch, SumParams } from "../interface.ts";
import { createBatch } from "../sum_batch.ts";

const PAGE_SHIFT = 12;
/** Records of a page. Pages never move, so growing copies nothing and never holds the records twice. */
const PAGE = 2 ** PAGE_SHIFT;

/** The records of a signature, in pages of columns. */
export class RecordStore {
  readonly #params: Pick<SumParams, "strongLength">;
  readonly #pages: SumBatch[] = [];
  /** Records held. */
  count = 0;
  byteLength = 0;

  constructor(params: Pick<SumParams, "strongLength">) {
    this.#params = params;
  }

  add(batch: SumBatch): void {
    for (let from = 0; from < batch.count;) {
      const at = this.count & (PAGE - 1);
      if (at === 0) this.#addPage();
      const n = Math.min(batch.count - from, PAGE - at);
      this.#fill(this.#pages[this.count >>> PAGE_SHIFT]!, at, batch, from, from + n);
      this.count += n;
      from += n;
    }
  }

  /** Gives all records away, in order, in batches. The store is not used afterwards. */
  take(): SumBatch[] {
    return this.#pages.splice(0);
  }

  /** Shrinks the last page to the records in it. */
  trim(): void {
    const used = this.count & (PAGE - 1);
    if (used === 0) return;
    const page = this.#pages.pop()!;
    const last = createBatch(this.#params, used);
    this.#fill(last, 0, page, 0, used);
    this.#pages.push(last);
    this.byteLength -= batchBytes(page) - batchBytes(last);
  }

  weak(k: number): number {
    return this.#pages[k >>> PAGE_SHIFT]!.weak[k & (PAGE - 1)]!;
  }

  /** Whether record `k` has the strong sum at `offset` in `bytes`. */
  hasStrong(k: number, bytes: Uint8Array, offset: number): boolean {
    const { strongLength } = this.#params;
    const { strong } = this.#pages[k >>> PAGE_SHIFT]!;
    const at = (k & (PAGE - 1)) * strongLength;
    for (let i = 0; i < strongLength; i++) if (strong[at + i] !== bytes[offset + i]) return false;
    return true;
  }

  /** The strong sum of record `k`, as a view that must not be changed. */
  strong(k: number): Uint8Array {
    const { strongLength } = this.#params;
    const at = (k & (PAGE - 1)) * strongLength;
    return this.#pages[k >>> PAGE_SHIFT]!.strong.subarray(at, at + strongLength);
  }

  /** Copies the strong sum of record `k` to `offset` in `bytes`. */
  copyStrong(k: number, bytes: Uint8Array, offset: number): void {
    const { strongLength } = this.#params;
    copyBytes(this.#pages[k >>> PAGE_SHIFT]!.strong, (k & (PAGE - 1)) * strongLength, bytes, offset, strongLength);
  }

  #addPage(): void {
    const page = createBatch(this.#params, PAGE);
    this.#pages.push(page);
    this.byteLength += batchBytes(page);
  }

  #fill(page: SumBatch, at: number, batch: SumBatch, from: number, to: number): void {
    const { strongLength } = this.#params;
    page.count = at + to - from;
    page.weak.set(batch.weak.subarray(from, to), at);
    page.strong.set(batch.strong.subarray(from * strongLength, to * strongLength), at * strongLength);
  }
}

function batchBytes({ weak, strong }: SumBatch): number {
  return weak.byteLength + strong.byteLength;
}
