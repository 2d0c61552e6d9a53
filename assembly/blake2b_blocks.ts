import {
  blake2bBefore,
  blake2bCompress,
  blake2bCompressTwo,
  blake2bInit,
  blake2bOfKey,
  blake2bResult,
} from "./blake2b";
import { key } from "./key";

const H: usize = memory.data(256, 16);

/** The ends of four blocks. */
const PADDED: usize = memory.data(512, 16);

/**
 * BLAKE2b-256 of four blocks of `length` bytes, to four times 32 bytes at `dst`. If the third block is the first again,
 * only the first two are summed.
 */
export function blake2bBlocks(p0: usize, p1: usize, p2: usize, p3: usize, length: usize, dst: usize): void {
  if (key && !length) return sumNothing(dst);
  const isTwo = p2 != p0;
  const before = blake2bBefore();
  blake2bInit(H);
  blake2bInit(H + 128);
  let offset: usize = 0;
  for (; offset + 128 < length; offset += 128) {
    if (isTwo) blake2bCompressTwo(H, p0 + offset, p1 + offset, p2 + offset, p3 + offset, before + offset + 128, 0);
    else blake2bCompress(H, p0 + offset, p1 + offset, before + offset + 128, 0);
  }
  memory.fill(PADDED, 0, 512);
  memory.copy(PADDED, p0 + offset, length - offset);
  memory.copy(PADDED + 128, p1 + offset, length - offset);
  memory.copy(PADDED + 256, p2 + offset, length - offset);
  memory.copy(PADDED + 384, p3 + offset, length - offset);
  blake2bCompressTwo(H, PADDED, PADDED + 128, PADDED + 256, PADDED + 384, before + length, -1);
  blake2bResult(H, dst);
  blake2bResult(H + 128, dst + 64);
}

/** Four keyed sums of no bytes. */
function sumNothing(dst: usize): void {
  blake2bOfKey(H);
  blake2bResult(H, dst);
  blake2bResult(H, dst + 64);
}
