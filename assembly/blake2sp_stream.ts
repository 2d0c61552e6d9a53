import { compress, compressEach, compressTwo, LEAF, ROOT, startNodes } from "./blake2s";
import { splat } from "./lanes";
import { gather, MESSAGE, MESSAGE_LENGTH, scatter } from "./message";

// The state of a stream, by offsets. A row is 512 bytes: 64 for each leaf.
const FIRST_LEAVES: usize = 0; // leaves 0 to 3, one a lane
const LAST_LEAVES: usize = 128; // leaves 4 to 7
const COUNT: usize = 256; // u64, bytes that each leaf has taken
const HELD: usize = 264; // u32, bytes in the buffer
const BUFFER: usize = 272; // two rows, the last field

/** A row can be taken when none of its stripes is the last of a leaf: when more bytes than this follow its start. */
const ENOUGH: usize = 512 + 7 * 64;

const TREE_SUMS: usize = memory.data(8 * 32, 16);
const TOP: usize = memory.data(128, 16);

@inline
function startLeaves(h: usize, first: u32): void {
  startNodes(h, i32x4.add(splat(first), i32x4(0, 1, 2, 3)), LEAF);
}

export function blake2spStart(state: usize): void {
  startLeaves(state + FIRST_LEAVES, 0);
  startLeaves(state + LAST_LEAVES, 4);
  store<u64>(state, 0, COUNT);
  store<u32>(state, 0, HELD);
}

function takeRow(state: usize, row: usize): void {
  const count = load<u64>(state, COUNT) + 64;
  store<u64>(state, count, COUNT);
  gather(row, row + 64, row + 128, row + 192);
  gather(row + 256, row + 320, row + 384, row + 448, MESSAGE + MESSAGE_LENGTH);
  compressTwo(state + FIRST_LEAVES, count);
}

export function blake2spTake(state: usize, src: usize, length: usize): void {
  const buffer = state + BUFFER;
  let held = <usize>load<u32>(state, HELD);
  if (held) {
    const part = min<usize>(length, 1024 - held);
    memory.copy(buffer + held, src, part);
    held += part;
    src += part;
    length -= part;
    if (held == 1024) {
      takeRow(state, buffer);
      if (length > ENOUGH - 512) {
        takeRow(state, buffer + 512);
        held = 0;
      } else {
        memory.copy(buffer, buffer + 512, 512);
        held = 512;
      }
    }
  }
  for (; length > ENOUGH; length -= 512) {
    takeRow(state, src);
    src += 512;
  }
  memory.copy(buffer + held, src, length);
  store<u32>(state, <u32>(held + length), HELD);
}

/**
 * Compresses the last one or two stripes of four leaves.
 *
 * @param count Bytes that each leaf has taken.
 * @param rest For each lane, the bytes in the buffer from its stripe on; may be negative.
 */
function endLeaves(h: usize, stripes: usize, count: u64, rest: v128, lastNode: v128): void {
  const low = splat(<u32>count), high = splat(<u32>(count >> 32));
  const none = splat(0), stripe = splat(64);
  const more = i32x4.gt_s(rest, splat(512)); // this lane has a second stripe

  let taken = i32x4.add(low, i32x4.min_s(i32x4.max_s(rest, none), stripe));
  let carry = i32x4.lt_u(taken, low);
  gather(stripes, stripes + 64, stripes + 128, stripes + 192);
  compressEach(h, taken, i32x4.sub(high, carry), v128.not(more), v128.andnot(lastNode, more));
  if (!v128.any_true(more)) return;

  // Lanes without a second stripe keep their h. TREE_SUMS is not in use yet, and just large enough.
  const before = TREE_SUMS;
  for (let i: usize = 0; i < 128; i += 16) v128.store(before + i, v128.load(h + i));
  const second = i32x4.sub(rest, splat(512 - 64));
  taken = i32x4.add(low, i32x4.min_s(second, splat(128)));
  carry = i32x4.lt_u(taken, low);
  gather(stripes + 512, stripes + 576, stripes + 640, stripes + 704);
  compressEach(h, taken, i32x4.sub(high, carry), splat(-1), lastNode);
  for (let i: usize = 0; i < 128; i += 16) {
    v128.store(h + i, v128.bitselect(v128.load(h + i), v128.load(before + i), more));
  }
}

export function blake2spEnd(state: usize, dst: usize): void {
  const buffer = state + BUFFER;
  const held = <usize>load<u32>(state, HELD);
  const count = load<u64>(state, COUNT);
  memory.fill(buffer + held, 0, 1024 - held);
  const rest = i32x4.sub(splat(<u32>held), i32x4(0, 64, 128, 192));
  endLeaves(state + FIRST_LEAVES, buffer, count, rest, splat(0));
  endLeaves(state + LAST_LEAVES, buffer + 256, count, i32x4.sub(rest, splat(256)), i32x4(0, 0, 0, -1));
  scatter(state + FIRST_LEAVES, TREE_SUMS);
  scatter(state + LAST_LEAVES, TREE_SUMS + 128);

  // The root has one input, so all lanes do the same: four messages for a whole file.
  startNodes(TOP, splat(0), ROOT);
  for (let i: usize = 0; i < 4; i++) {
    const last = i == 3 ? -1 : 0;
    const p = TREE_SUMS + (i << 6);
    gather(p, p, p, p);
    compress(TOP, (i + 1) << 6, last, last);
  }
  scatter(TOP, TREE_SUMS);
  memory.copy(dst, TREE_SUMS, 32);
}
