import { blake2bCompress, blake2bInit, blake2bResult } from "./blake2b";

const H: usize = memory.data(128, 16);

/** The ends of two blocks. */
const PADDED: usize = memory.data(256, 16);

/** BLAKE2b-256 of two blocks of `length` bytes, to two times 32 bytes at `dst`. */
export function blake2bBlocks(p: usize, q: usize, length: usize, dst: usize): void {
  blake2bInit(H);
  let offset: usize = 0;
  for (; offset + 128 < length; offset += 128) blake2bCompress(H, p + offset, q + offset, offset + 128, 0);
  memory.fill(PADDED, 0, 256);
  memory.copy(PADDED, p + offset, length - offset);
  memory.copy(PADDED + 128, q + offset, length - offset);
  blake2bCompress(H, PADDED, PADDED + 128, length, -1);
  blake2bResult(H, dst);
}
