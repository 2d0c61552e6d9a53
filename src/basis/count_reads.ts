import type { PatchBasis } from "../engine/interface.ts";

/**
 * A basis whose reads are counted. It says of itself how long it is, and how many reads it takes at once.
 *
 * @param onRead Called with the count of bytes after each read, except at the end.
 */
export function countReads(basis: PatchBasis, onRead: (count: number) => void): PatchBasis {
  return {
    size: basis.size,
    readsAtOnce: basis.readsAtOnce,
    async readInto(buffer, offset) {
      const count = await basis.readInto(buffer, offset);
      if (count > 0) onRead(count);
      return count;
    },
  };
}
