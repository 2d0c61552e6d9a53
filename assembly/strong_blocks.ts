import { BLAKE2B, BLAKE2SP, BLAKE3, MD4 } from "./_generated/rules";
import { blake2bBlocks } from "./blake2b_blocks";
import { blake2spBlocks } from "./blake2sp_blocks";
import { CHUNK } from "./blake3";
import { blake3Blocks, blake3EightBlocks } from "./blake3_blocks";
import { STATE, streamEnd, streamStart, streamTake } from "./digest";
import { useKey } from "./key";
import { md4Blocks } from "./md4_blocks";
import { SUMS } from "./message";

const STREAM: usize = memory.data(<i32>STATE, 16);

/**
 * Whether `lanes` blocks (1 to 4) are summed faster in lockstep than one after another as streams. A stream fills the
 * lanes from one block.
 */
export function inLockstep(kind: u32, length: usize, lanes: u32): bool {
  if (kind == MD4 || kind == BLAKE2B) return true;
  // The root of a stream leaves lanes idle: it takes 8 steps for one block of 1,024 bytes, and lockstep 20 for four.
  if (kind == BLAKE2SP) return lanes > 2;
  // A stream needs four chunks to fill the lanes.
  if (kind == BLAKE3) return lanes == 4 || length < 4 * CHUNK;
  return unreachable();
}

/** Sums four blocks into SUMS. */
function lockstep(kind: u32, p0: usize, p1: usize, p2: usize, p3: usize, length: usize): void {
  if (kind == BLAKE2SP) blake2spBlocks(p0, p1, p2, p3, length, SUMS);
  else if (kind == BLAKE3) blake3Blocks(p0, p1, p2, p3, length, SUMS);
  else if (kind == MD4) md4Blocks(p0, p1, p2, p3, length, SUMS);
  else if (kind == BLAKE2B) blake2bBlocks(p0, p1, p2, p3, length, SUMS);
  else unreachable();
}

/** Copies a sum and returns the end of the copy. By a loop, because `memory.copy` is a call out of WebAssembly. */
function copySum(dst: usize, sum: usize, length: usize): usize {
  const end = dst + length;
  for (; dst + 8 <= end; dst += 8) {
    store<u64>(dst, load<u64>(sum));
    sum += 8;
  }
  for (; dst < end; dst++) store<u8>(dst, load<u8>(sum++));
  return end;
}

/** Writes the strong sums of four windows anywhere in memory, as `strong_blocks` does for consecutive blocks. */
export function strongOfFour(
  kind: u32,
  key: usize,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  length: usize,
  strongLength: u32,
  dst: usize,
): void {
  useKey(key);
  lockstep(kind, p0, p1, p2, p3, length);
  for (let i: usize = 0; i < 4; i++) dst = copySum(dst, SUMS + (i << 5), strongLength);
}

/**
 * Writes the first `strongLength` bytes of the strong sums of consecutive blocks to `dst`, without gaps.
 *
 * @param kind Number of the strong sum.
 * @param key Address of the key that `strong_key_init` made for this kind, or 0.
 * @param src Address of `count` blocks of `blockLength` bytes, of which the last is `lastLength` long.
 */
export function strong_blocks(
  kind: u32,
  key: usize,
  src: usize,
  blockLength: u32,
  count: u32,
  lastLength: u32,
  strongLength: u32,
  dst: usize,
): void {
  useKey(key);
  while (count) {
    if (kind == BLAKE3 && count >= (lastLength == blockLength ? 8 : 9)) {
      blake3EightBlocks(src, blockLength, SUMS);
      for (let i: usize = 0; i < 8; i++) dst = copySum(dst, SUMS + (i << 5), strongLength);
      src += 8 * <usize>blockLength;
      count -= 8;
      continue;
    }
    // Blocks of one length go together; the short last one goes alone.
    let lanes = lastLength == blockLength ? min<u32>(count, 4) : min<u32>(count - 1, 4);
    const length: usize = lanes ? blockLength : lastLength;
    lanes = max<u32>(lanes, 1);
    if (inLockstep(kind, length, lanes)) {
      // A lane without a block repeats the first one.
      const p1 = lanes > 1 ? src + length : src;
      const p2 = lanes > 2 ? src + 2 * length : src;
      const p3 = lanes > 3 ? src + 3 * length : src;
      lockstep(kind, src, p1, p2, p3, length);
    } else {
      streamStart(kind, STREAM);
      streamTake(STREAM, src, length);
      streamEnd(STREAM, SUMS);
      lanes = 1;
    }
    for (let i: u32 = 0; i < lanes; i++) dst = copySum(dst, SUMS + (i << 5), strongLength);
    src += length * lanes;
    count -= lanes;
  }
}
