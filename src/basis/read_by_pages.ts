import { copyBytes } from "../common/bytes.ts";
import type { BasisSource } from "./interface.ts";

type ReadInto = NonNullable<BasisSource["readInto"]>;

/** Bytes that short reads take at once. */
const PAGE_LENGTH = 2 ** 16;
/** Reads up to this length are short. */
const MAX_SHORT_LENGTH = 2 ** 12;
/** Pages that are kept: enough for copies that alternate between a few places. */
const MAX_PAGES = 4;

/**
 * Serves short reads from pages, which are read at once. For a `Blob` or an open file: each of their reads takes 10 µs
 * and more, however short it is, and a delta can have millions of copies of a byte.
 */
export function readByPages(readInto: ReadInto): ReadInto {
  const pages = new Map<number, Uint8Array>();
  const readPage = async (start: number) => {
    const buffer = new Uint8Array(PAGE_LENGTH);
    const page = buffer.subarray(0, await readInto(buffer, start));
    pages.set(start, page);
    if (pages.size > MAX_PAGES) pages.delete(pages.keys().next().value!);
    return page;
  };
  return (buffer, offset) => {
    if (buffer.length > MAX_SHORT_LENGTH) return readInto(buffer, offset);
    const at = offset % PAGE_LENGTH;
    const copyFrom = (page: Uint8Array) => {
      const count = Math.max(0, Math.min(buffer.length, page.length - at));
      copyBytes(page, at, buffer, 0, count);
      return count;
    };
    const page = pages.get(offset - at);
    // A page is short if its read was, or if the basis ends there: another read shows which.
    return page && copyFrom(page) || readPage(offset - at).then((page) => copyFrom(page) || readInto(buffer, offset));
  };
}
