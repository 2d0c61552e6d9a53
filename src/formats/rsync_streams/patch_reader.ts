import { copyBytes } from "../../common/bytes.ts";
import type { CopyRoom } from "../../engine/interface.ts";
import type { OpenPatch, PatchReader } from "../interface.ts";
import { RsyncStreamsDeltaReader } from "./delta.ts";

/** Bytes of the longest varint that is read here. */
const MAX_VARINT_LENGTH = 4;

/** Reads deltas of the rsync-streams format for a patch. */
class RsyncStreamsPatchReader extends RsyncStreamsDeltaReader implements PatchReader {
  makeCopies(room: CopyRoom): number {
    if (!this.isAtCommand) return 0;
    const { basis, out, most } = room;
    const { chunk, at } = this.bytes;
    const end = Math.min(room.end, room.at + (Number.MAX_SAFE_INTEGER - this.targetLength));
    let { expected } = this;
    let count = 0;
    let to = room.at;
    let next = at;
    for (; count < most && next + 2 * MAX_VARINT_LENGTH <= chunk.length; count++) {
      const head = shortVarint(chunk, next);
      const headEnd = next + shortLength(head);
      const zigzag = shortVarint(chunk, headEnd);
      const length = head >>> 1;
      const offset = expected + (zigzag % 2 === 1 ? ~(zigzag >>> 1) : zigzag >>> 1);
      if (head % 2 !== 1 || length === 0 || length > end - to || zigzag < 0) break;
      if (offset < 0 || offset + length > basis.length) break;
      copyBytes(basis, offset, out, to, length);
      to += length;
      expected = offset + length;
      next = headEnd + shortLength(zigzag);
    }
    this.bytes.skip(next - at);
    this.expected = expected;
    this.targetLength += to - room.at;
    room.at = to;
    return count;
  }
}

/** The varint at `at`. Negative if it has more than four bytes, or is not in its shortest form. */
function shortVarint(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++]!;
    value |= (byte & 127) << shift;
    if (byte < 128) return byte === 0 && shift > 0 ? -1 : value;
  }
  return -1;
}

/** Bytes of such a varint. */
function shortLength(value: number): number {
  return value < 2 ** 7 ? 1 : value < 2 ** 14 ? 2 : value < 2 ** 21 ? 3 : 4;
}

/** Reads its deltas for a patch. */
export const openRsyncStreamsPatch: OpenPatch = (bytes) => new RsyncStreamsPatchReader(bytes);
