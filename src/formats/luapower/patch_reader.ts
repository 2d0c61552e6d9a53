import { copyBytes } from "../../common/bytes.ts";
import type { TargetRoom } from "../../engine/interface.ts";
import type { OpenPatch, PatchReader } from "../interface.ts";
import { COPY, DATA, LuapowerDeltaReader } from "./delta.ts";

/** Bytes of a data command before its data. */
const DATA_AT = 5;
const COPY_LENGTH = 6;

/** Reads deltas of the luapower format for a patch. */
class LuapowerPatchReader extends LuapowerDeltaReader implements PatchReader {
  carryOut(room: TargetRoom): number {
    if (!this.isAtCommand) return 0;
    const { basis, out, maxCommands } = room;
    const { chunk, at } = this.bytes;
    const { blockLength } = this;
    const end = Math.min(room.end, room.at + (Number.MAX_SAFE_INTEGER - this.targetLength));
    let count = 0;
    let to = room.at;
    let next = at;
    for (; count < maxCommands && next + COPY_LENGTH <= chunk.length; count++) {
      const word = chunk[next + 1]! | chunk[next + 2]! << 8 | chunk[next + 3]! << 16 | chunk[next + 4]! << 24;
      const number = word >>> 0;
      if (chunk[next] === COPY) {
        const offset = number * blockLength;
        const length = chunk[next + DATA_AT]! * blockLength;
        if (length === 0 || length > end - to || offset + length > basis.length) break;
        if (length > 1) copyBytes(basis, offset, out, to, length);
        else out[to] = basis[offset]!;
        room.copied += length;
        to += length;
        next += COPY_LENGTH;
      } else {
        const dataAt = next + DATA_AT;
        if (chunk[next] !== DATA || number > end - to || dataAt + number > chunk.length) break;
        copyBytes(chunk, dataAt, out, to, number);
        to += number;
        next = dataAt + number;
      }
    }
    this.bytes.skip(next - at);
    this.targetLength += to - room.at;
    room.at = to;
    return count;
  }
}

/** Reads its deltas for a patch. */
export const openLuapowerPatch: OpenPatch = (bytes, { blockLength }) => new LuapowerPatchReader(bytes, blockLength!);
