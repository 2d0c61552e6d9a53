import type { PatchBasis } from "../engine/patcher.ts";

/**
 * A basis whose reads are counted. It says nothing of itself but its size.
 *
 * @param onRead Called with the count of bytes after each read, except at the end.
 */
export function countReads(basis: PatchBasis, onRead: (count: number) => void): PatchBasis {
  return {
    size: basis.size,
    async readInto(buffer, offset) {
      const count = await basis.readInto(buffer, offset);
      if (count > 0) onRead(count);
      return count;
    },
  };
}
