import { blake2bBefore, blake2bCompress, blake2bInit, blake2bResult } from "./blake2b";
import { SUMS } from "./message";

// The state of a stream, by offsets.
const H: usize = 0; // eight vectors
const COUNT: usize = 128; // u64, bytes compressed, those of a key too
const HELD: usize = 136; // u32, bytes in the buffer
const BUFFER: usize = 144; // one message, the last field

export function blake2bStart(state: usize): void {
  blake2bInit(state + H);
  store<u64>(state, blake2bBefore(), COUNT);
  store<u32>(state, 0, HELD);
}

function take(state: usize, message: usize): void {
  const count = load<u64>(state, COUNT) + 128;
  store<u64>(state, count, COUNT);
  blake2bCompress(state + H, message, message, count, 0);
}

export function blake2bTake(state: usize, src: usize, length: usize): void {
  const buffer = state + BUFFER;
  let held = <usize>load<u32>(state, HELD);
  if (held) {
    const part = min<usize>(length, 128 - held);
    memory.copy(buffer + held, src, part);
    held += part;
    src += part;
    length -= part;
    if (length) {
      take(state, buffer);
      held = 0;
    }
  }
  // The last message stays in the buffer, full or not.
  for (; length > 128; length -= 128) {
    take(state, src);
    src += 128;
  }
  memory.copy(buffer + held, src, length);
  store<u32>(state, <u32>(held + length), HELD);
}

export function blake2bEnd(state: usize, dst: usize): void {
  const buffer = state + BUFFER;
  const held = <usize>load<u32>(state, HELD);
  memory.fill(buffer + held, 0, 128 - held);
  blake2bCompress(state + H, buffer, buffer, load<u64>(state, COUNT) + held, -1);
  blake2bResult(state + H, SUMS);
  memory.copy(dst, SUMS, 32);
}
