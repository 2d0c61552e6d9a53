import { copyBytes } from "../../common/bytes.ts";
import type { TargetRoom } from "../../engine/interface.ts";
import type { OpenPatch, PatchReader } from "../interface.ts";
import { COPY, LibrsyncDeltaReader, LITERAL } from "./delta.ts";

/** Bytes of the longest command that is read here, without its data: neither of its integers has more than four. */
const MAX_COMMAND_LENGTH = 9;
/** The literal whose length has eight bytes. */
const LONG_LITERAL = LITERAL + 3;
/** From here on, what an opcode says of widths is that the offset has eight bytes. */
const LONG_OFFSET = 12;

/** Reads deltas of librsync for a patch. */
class LibrsyncPatchReader extends LibrsyncDeltaReader implements PatchReader {
  carryOut(room: TargetRoom): number {
    if (!this.isAtCommand) return 0;
    const { basis, out, maxCommands } = room;
    const { chunk, at } = this.bytes;
    const end = Math.min(room.end, room.at + (Number.MAX_SAFE_INTEGER - this.targetLength));
    const lastAt = chunk.length - MAX_COMMAND_LENGTH;
    let count = 0;
    let copied = 0;
    let to = room.at;
    let next = at;
    for (; count < maxCommands && next <= lastAt; count++) {
      const opcode = chunk[next]!;
      if (opcode === 1) {
        // A byte of data is the shortest command: with a path of its own it takes a fifth less time.
        if (to === end) break;
        out[to++] = chunk[next + 1]!;
        next += 2;
      } else if (opcode < LITERAL) {
        // The opcode is the length.
        const stop = next + 1 + opcode;
        if (opcode === 0 || opcode > end - to || stop > chunk.length) break;
        next++;
        do out[to++] = chunk[next++]!; while (next < stop);
      } else if (opcode < COPY) {
        if (opcode === LONG_LITERAL) break;
        const dataAt = next + 1 + (1 << (opcode - LITERAL));
        const length = integer(chunk, next + 1, opcode - LITERAL);
        if (length === 0 || length > end - to || dataAt + length > chunk.length) break;
        copyBytes(chunk, dataAt, out, to, length);
        to += length;
        next = dataAt + length;
      } else {
        const widths = opcode - COPY;
        const lengthWidth = widths & 3;
        if (widths >= LONG_OFFSET || lengthWidth === 3) break;
        const lengthAt = next + 1 + (1 << (widths >> 2));
        const commandEnd = lengthAt + (1 << lengthWidth);
        const offset = integer(chunk, next + 1, widths >> 2);
        const length = integer(chunk, lengthAt, lengthWidth);
        if (length === 0 || length > end - to || offset + length > basis.length) break;
        // A call takes longer than a byte.
        if (length > 1) copyBytes(basis, offset, out, to, length);
        else out[to] = basis[offset]!;
        copied += length;
        to += length;
        next = commandEnd;
      }
    }
    this.bytes.skip(next - at);
    this.targetLength += to - room.at;
    room.copied += copied;
    room.at = to;
    return count;
  }
}

/** The integer of 2^`power` bytes at `at`: 1, 2 or 4. With 32-bit operators it takes half the time. */
function integer(bytes: Uint8Array, at: number, power: number): number {
  if (power === 0) return bytes[at]!;
  const upper = bytes[at]! << 8 | bytes[at + 1]!;
  if (power === 1) return upper;
  return (upper << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}

/** Reads its deltas for a patch. */
export const openLibrsyncPatch: OpenPatch = (bytes) => new LibrsyncPatchReader(bytes);
