import { copyBytes } from "../../common/bytes.ts";
import type { CopyRoom } from "../../engine/interface.ts";
import type { OpenPatch, PatchReader } from "../interface.ts";
import { COPY, LibrsyncDeltaReader } from "./delta.ts";

/** Bytes of the longest copy command that is read here: neither of its integers has more than four. */
const MAX_COMMAND_LENGTH = 9;
/** Pairs of widths from here on have an offset of eight bytes. */
const LONG_OFFSET = 12;

/** Reads deltas of librsync for a patch. */
class LibrsyncPatchReader extends LibrsyncDeltaReader implements PatchReader {
  makeCopies(room: CopyRoom): number {
    if (!this.isAtCommand) return 0;
    const { basis, out, most } = room;
    const { chunk, at } = this.bytes;
    const end = Math.min(room.end, room.at + (Number.MAX_SAFE_INTEGER - this.targetLength));
    let count = 0;
    let to = room.at;
    let next = at;
    for (; count < most && next + MAX_COMMAND_LENGTH <= chunk.length; count++) {
      const widths = chunk[next]! - COPY;
      const lengthWidth = widths & 3;
      if (widths < 0 || widths >= LONG_OFFSET || lengthWidth === 3) break;
      const offsetEnd = next + 1 + (1 << (widths >> 2));
      const lengthEnd = offsetEnd + (1 << lengthWidth);
      const offset = integer(chunk, next + 1, offsetEnd);
      const length = integer(chunk, offsetEnd, lengthEnd);
      if (length === 0 || length > end - to || offset + length > basis.length) break;
      copyBytes(basis, offset, out, to, length);
      to += length;
      next = lengthEnd;
    }
    this.bytes.skip(next - at);
    this.targetLength += to - room.at;
    room.at = to;
    return count;
  }
}

/** The integer from `at` to `end`. */
function integer(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let i = at; i < end; i++) value = value * 256 + bytes[i]!;
  return value;
}

/** Reads its deltas for a patch. */
export const openLibrsyncPatch: OpenPatch = (bytes) => new LibrsyncPatchReader(bytes);
