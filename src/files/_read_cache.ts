import { copyBytes } from "../common/bytes.ts";

/** A file that can be read at random. */
export interface ReadableAt {
  /** Reads to the start of `bytes` from `position`, and returns how many bytes were read. */
  read(bytes: Uint8Array, position: number): Promise<number>;
}

/**
 * Bytes to read at once where short reads are near each other. A delta between two releases of a program has thousands
 * of short copies, and each read takes 20 µs in Node, however short it is.
 */
const PAGE_LENGTH = 2 ** 18;

/** Pages that are kept, with their bytes or without: enough for copies that alternate between a few places. */
const MAX_PAGES = 4;

/** How many bytes may be read for each byte that is used: sparse copies, of 1 in 8 bytes, are served from pages too. */
const READS_PER_BYTE = 8;

/** Largest credit, in bytes: what may be read in vain, at the start and after any sequence of reads. */
const MAX_CREDIT = 2 ** 20;

const NOTHING = new Uint8Array(0);

/** A page, or a part of it. */
interface Page {
  readonly index: number;
  /** Offset in the file of the bytes that are kept or, if there are none, of the last read in this page. */
  readonly start: number;
  readonly bytes: Uint8Array;
  /** Whether all of the page was asked for. A short read may have returned less. */
  readonly isWhole: boolean;
  /** The read of its bytes, while it is under way. */
  readonly reading?: Promise<number>;
}

/**
 * Serves short reads that are near each other from pages: aligned pieces of the file, each read at once.
 *
 * A page is read when a recent read was in the same page or in one beside it. From a page that is entered forwards only
 * the rest is read, and backwards likewise. A budget bounds what that can waste. Whatever the offsets, all reads
 * together take at most `READS_PER_BYTE` bytes of the file for each byte that they return, and `MAX_CREDIT` bytes more.
 * Where the credit is used up, reads go to the file directly and take what they return.
 */
export class ReadCache {
  readonly #file: ReadableAt;
  /** The pages of the last reads, the latest first. */
  #pages: Page[] = [];
  #credit = MAX_CREDIT;
  #isClosed = false;

  constructor(file: ReadableAt) {
    this.#file = file;
  }

  /**
   * Reads 1 to `buffer.length` bytes from `offset`, or none at the end. Returns a number at once if a page has them.
   */
  readInto(buffer: Uint8Array, offset: number): number | Promise<number> {
    const latest = this.#pages[0];
    let count = latest ? this.#copy(latest, buffer, offset) : 0;
    if (count > 0) return count;
    const index = Math.floor(offset / PAGE_LENGTH);
    const page = this.#find(index);
    if (page) this.#remember(page);
    if (page?.reading) return this.#readAfter(page.reading, buffer, offset);
    count = page ? this.#copy(page, buffer, offset) : 0;
    if (count > 0) return count;
    const isWorthIt = buffer.length < PAGE_LENGTH && this.#credit >= PAGE_LENGTH && !page?.isWhole;
    const range = isWorthIt ? this.#range(page, index, offset, buffer.length) : undefined;
    if (range) return this.#readPage(buffer, offset, index, range);
    if (!page) this.#remember({ index, start: offset, bytes: NOTHING, isWhole: false });
    return this.#readDirectly(buffer, offset);
  }

  /** Forgets all pages, and keeps none from now on. */
  close(): void {
    this.#isClosed = true;
    this.#pages = [];
  }

  #find(index: number): Page | undefined {
    return this.#pages.find((page) => page.index === index);
  }

  #remember(page: Page): void {
    if (this.#isClosed) return;
    const pages = this.#pages;
    const found = pages.findIndex(({ index }) => index === page.index);
    // In place: copies that alternate between two pages come here each time.
    for (let i = found < 0 ? Math.min(pages.length, MAX_PAGES - 1) : found; i > 0; i--) pages[i] = pages[i - 1]!;
    pages[0] = page;
  }

  /**
   * Which bytes of a page to read for a read at `offset` that the page does not hold. None if no recent read was near.
   */
  #range(page: Page | undefined, index: number, offset: number, length: number): [number, number] | undefined {
    const whole: [number, number] = [index * PAGE_LENGTH, (index + 1) * PAGE_LENGTH];
    if (page && page.bytes.length > 0) return whole;
    const isForwards = page ? offset >= page.start : this.#find(index - 1) !== undefined;
    const isBackwards = page ? offset < page.start : this.#find(index + 1) !== undefined;
    if (isForwards && isBackwards) return whole;
    if (isForwards) return [offset, whole[1]];
    return isBackwards ? [whole[0], Math.min(offset + length, whole[1])] : undefined;
  }

  async #readPage(buffer: Uint8Array, offset: number, index: number, [start, end]: [number, number]): Promise<number> {
    const bytes = new Uint8Array(end - start);
    // Paid for in advance, since reads may run concurrently.
    this.#credit -= bytes.length;
    const reading = this.#file.read(bytes, start);
    this.#remember({ index, start, bytes: NOTHING, isWhole: false, reading });
    const count = await reading.catch((error) => {
      this.#pages = this.#pages.filter((page) => page.reading !== reading);
      throw error;
    });
    this.#earn(bytes.length - count);
    const page = { index, start, bytes: bytes.subarray(0, count), isWhole: bytes.length === PAGE_LENGTH };
    this.#remember(page);
    return this.#copy(page, buffer, offset) || await this.#readDirectly(buffer, offset);
  }

  /** Reads once a page is there, or could not be read: then another read tells why. */
  async #readAfter(reading: Promise<number>, buffer: Uint8Array, offset: number): Promise<number> {
    await reading.catch(() => {});
    return await this.readInto(buffer, offset);
  }

  async #readDirectly(buffer: Uint8Array, offset: number): Promise<number> {
    const count = await this.#file.read(buffer, offset);
    this.#earn(count * (READS_PER_BYTE - 1));
    return count;
  }

  /** Copies the bytes from `offset` that a page holds, and returns how many. */
  #copy(page: Page, buffer: Uint8Array, offset: number): number {
    const from = offset - page.start;
    const length = Math.min(buffer.length, page.bytes.length - from);
    if (from < 0 || length <= 0) return 0;
    copyBytes(page.bytes, from, buffer, 0, length);
    this.#earn(length * READS_PER_BYTE);
    return length;
  }

  #earn(bytes: number): void {
    this.#credit = Math.min(MAX_CREDIT, this.#credit + bytes);
  }
}
