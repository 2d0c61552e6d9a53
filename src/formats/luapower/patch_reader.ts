import { copyBytes } from "../../common/bytes.ts";
import type { CopyRoom } from "../../engine/interface.ts";
import type { OpenPatch, PatchReader } from "../interface.ts";
import { COPY, LuapowerDeltaReader } from "./delta.ts";

const COMMAND_LENGTH = 6;

/** Reads deltas of the luapower format for a patch. */
class LuapowerPatchReader extends LuapowerDeltaReader implements PatchReader {
  makeCopies(room: CopyRoom): number {
    if (!this.isAtCommand) return 0;
    const { basis, out, most } = room;
    const { chunk, at } = this.bytes;
    const { blockLength } = this;
    const end = Math.min(room.end, room.at + (Number.MAX_SAFE_INTEGER - this.targetLength));
    let count = 0;
    let to = room.at;
    let next = at;
    for (; count < most && next + COMMAND_LENGTH <= chunk.length; count++) {
      const block = chunk[next + 1]! | chunk[next + 2]! << 8 | chunk[next + 3]! << 16 | chunk[next + 4]! << 24;
      const offset = (block >>> 0) * blockLength;
      const length = chunk[next + 5]! * blockLength;
      if (chunk[next] !== COPY || length === 0 || length > end - to || offset + length > basis.length) break;
      copyBytes(basis, offset, out, to, length);
      to += length;
      next += COMMAND_LENGTH;
    }
    this.bytes.skip(next - at);
    this.targetLength += to - room.at;
    room.at = to;
    return count;
  }
}

/** Reads its deltas for a patch. */
export const openLuapowerPatch: OpenPatch = (bytes, { blockLength }) => new LuapowerPatchReader(bytes, blockLength!);
