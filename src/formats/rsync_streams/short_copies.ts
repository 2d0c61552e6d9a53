/**
 * Short copies, read in a loop of their own. A patch of a million of them takes half the time so: the reader makes an
 * event of each command. Apart from the reader, since only patches have to carry it.
 */
import type { TakeCopy } from "../../engine/interface.ts";
import type { RsyncStreamsDeltaReader } from "./delta.ts";

/** Bytes of the longest varint that is read here. */
const MAX_VARINT_LENGTH = 4;

/**
 * Reads copies that lie whole in the chunk at hand, and are short and right, and gives them to `take` until it returns
 * false. Returns whether it did. All other commands are left to the reader.
 */
export function readShortCopies(reader: RsyncStreamsDeltaReader, take: TakeCopy): boolean {
  if (!reader.isAtCommand) return false;
  const { chunk, at } = reader.bytes;
  for (let i = at; i + 2 * MAX_VARINT_LENGTH <= chunk.length;) {
    const head = shortVarint(chunk, i);
    const headLength = shortLength(head);
    const zigzag = shortVarint(chunk, i + headLength);
    const length = head >>> 1;
    const offset = reader.expected + (zigzag % 2 === 1 ? ~(zigzag >>> 1) : zigzag >>> 1);
    if (head % 2 !== 1 || length === 0 || zigzag < 0 || offset < 0) break;
    const end = offset + length;
    const targetLength = reader.targetLength + length;
    if (end > Number.MAX_SAFE_INTEGER || targetLength > Number.MAX_SAFE_INTEGER) break;
    const count = headLength + shortLength(zigzag);
    i += count;
    reader.bytes.skip(count);
    reader.expected = end;
    reader.targetLength = targetLength;
    if (!take(offset, length)) return true;
  }
  return false;
}

/** The varint at `at`. Negative if it has more than four bytes, or is not in its shortest form. */
function shortVarint(bytes: Uint8Array, at: number): number {
  let value = bytes[at]!;
  // The highest bit of each byte but the last says that another one follows.
  if (value < 2 ** 7) return value;
  value += (bytes[at + 1]! - 1) * 2 ** 7;
  if (value < 2 ** 14) return value < 2 ** 7 ? -1 : value;
  value += (bytes[at + 2]! - 1) * 2 ** 14;
  if (value < 2 ** 21) return value < 2 ** 14 ? -1 : value;
  value += (bytes[at + 3]! - 1) * 2 ** 21;
  return value < 2 ** 21 || value >= 2 ** 28 ? -1 : value;
}

/** Bytes of such a varint. */
function shortLength(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : 4;
}
