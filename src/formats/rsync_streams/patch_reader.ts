import { copyBytes } from "../../common/bytes.ts";
import type { TargetRoom } from "../../engine/interface.ts";
import type { OpenPatch, PatchReader } from "../interface.ts";
import { RsyncStreamsDeltaReader } from "./delta.ts";

/** Bytes of the longest varint that is read here. */
const MAX_VARINT_LENGTH = 4;

/** Reads deltas of the rsync-streams format for a patch. */
class RsyncStreamsPatchReader extends RsyncStreamsDeltaReader implements PatchReader {
  carryOut(room: TargetRoom): number {
    if (!this.isAtCommand) return 0;
    const { basis, out, maxCommands } = room;
    const { chunk, at } = this.bytes;
    const end = Math.min(room.end, room.at + (Number.MAX_SAFE_INTEGER - this.targetLength));
    let { expected } = this;
    let count = 0;
    let to = room.at;
    let next = at;
    for (; count < maxCommands && next + 2 * MAX_VARINT_LENGTH <= chunk.length; count++) {
      const head = shortVarint(chunk, next);
      const headEnd = next + shortLength(head);
      const length = head >>> 1;
      if (head < 0 || length === 0 || length > end - to) break;
      if (head % 2 === 0) {
        if (headEnd + length > chunk.length) break;
        copyBytes(chunk, headEnd, out, to, length);
        next = headEnd + length;
      } else {
        const zigzag = shortVarint(chunk, headEnd);
        const offset = expected + (zigzag % 2 === 1 ? ~(zigzag >>> 1) : zigzag >>> 1);
        if (zigzag < 0 || offset < 0 || offset + length > basis.length) break;
        copyBytes(basis, offset, out, to, length);
        room.copied += length;
        expected = offset + length;
        next = headEnd + shortLength(zigzag);
      }
      to += length;
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
