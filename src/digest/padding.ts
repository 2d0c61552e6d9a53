import { viewOf } from "../common/bytes.ts";

/** Bytes of a block. */
export const BLOCK_LENGTH = 64;

/**
 * The last block or two of a message: the bytes that are left, a bit, zeros, and the number of bits.
 *
 * @param left At most 63 bytes.
 * @param length Bytes of the message, up to 2^53.
 */
export function lastBlocks(left: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const blocks = new Uint8Array(left.length + 9 <= BLOCK_LENGTH ? BLOCK_LENGTH : 2 * BLOCK_LENGTH);
  blocks.set(left);
  blocks[left.length] = 0x80;
  viewOf(blocks).setBigUint64(blocks.length - 8, 8n * BigInt(length));
  return blocks;
}
