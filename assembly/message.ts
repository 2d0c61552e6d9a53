import { high32, high64, low32, low64 } from "./lanes";

/** The 64-byte messages of four inputs, as 16 vectors of one word each. Those of four more inputs are behind them. */
export const MESSAGE: usize = memory.data(512, 16);
export const MESSAGE_LENGTH: usize = 256;

/** Room for up to eight 32-byte sums that are read at once. */
export const SUMS: usize = memory.data(256, 16);

/** Four 64-byte messages, for the ends of inputs. */
const PADDED: usize = memory.data(256, 16);

/** Loads 64 bytes of each of four inputs into the message. Calling `transpose` here cost a sum 8 % of its speed. */
export function gather(p0: usize, p1: usize, p2: usize, p3: usize, message: usize = MESSAGE): void {
  for (let i: usize = 0; i < 64; i += 16) {
    const a = v128.load(p0 + i), b = v128.load(p1 + i);
    const c = v128.load(p2 + i), d = v128.load(p3 + i);
    const ab = low32(a, b), cd = low32(c, d);
    const AB = high32(a, b), CD = high32(c, d);
    const to = message + (i << 2);
    v128.store(to, low64(ab, cd));
    v128.store(to, high64(ab, cd), 16);
    v128.store(to, low64(AB, CD), 32);
    v128.store(to, high64(AB, CD), 48);
  }
}

/** Loads the last `length` bytes (0 to 64) of each of four inputs into the message, and zeros behind them. */
export function gatherEnd(p0: usize, p1: usize, p2: usize, p3: usize, length: usize, message: usize = MESSAGE): void {
  if (length < 64) {
    memory.fill(PADDED, 0, 256);
    memory.copy(PADDED, p0, length);
    memory.copy(PADDED + 64, p1, length);
    memory.copy(PADDED + 128, p2, length);
    memory.copy(PADDED + 192, p3, length);
    p0 = PADDED;
    p1 = PADDED + 64;
    p2 = PADDED + 128;
    p3 = PADDED + 192;
  }
  gather(p0, p1, p2, p3, message);
}

/** Copies `words` vectors, which are in lanes already, to word `index` of the message. */
export function put(index: usize, from: usize, words: usize, message: usize = MESSAGE): void {
  const to = message + (index << 4);
  for (let i: usize = 0; i < words << 4; i += 16) v128.store(to + i, v128.load(from + i));
}

/** Transposes the 4 by 4 words at `from`, to rows that are `row` bytes apart. */
function transpose(from: usize, to: usize, row: usize): void {
  const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
  const ab = low32(a, b), cd = low32(c, d);
  const AB = high32(a, b), CD = high32(c, d);
  v128.store(to, low64(ab, cd));
  v128.store(to + row, high64(ab, cd));
  v128.store(to + 2 * row, low64(AB, CD));
  v128.store(to + 3 * row, high64(AB, CD));
}

/** Writes the eight words at `h` as four sums of 32 bytes, one after another. */
export function scatter(h: usize, dst: usize): void {
  transpose(h, dst, 32);
  transpose(h + 64, dst + 16, 32);
}
