import { BLAKE2B, BLAKE2SP, BLAKE3 } from "./_generated/rules";
import { blake2bEnd, blake2bStart, blake2bTake } from "./blake2b_stream";
import { blake2spEnd, blake2spStart, blake2spTake } from "./blake2sp_stream";
import { BLAKE3_STATE, blake3End, blake3Start, blake3Take } from "./blake3_stream";
import { useKey } from "./key";

// The state of a digest, by offsets.
const KIND: usize = 0; // u32
const INNER: usize = 16; // the state of the sum

/** Bytes of the largest state, that of BLAKE3. */
export const STATE: usize = INNER + BLAKE3_STATE;

/** Bytes that the host allocates for one digest. */
export function digest_state_size(): u32 {
  return <u32>STATE;
}

/** Starts the digest of a file, unkeyed, 256 bits. MD4 is refused: it is only for blocks. */
export function digest_init(kind: u32, state: usize): void {
  useKey(0);
  streamStart(kind, state);
}

/** Takes the next bytes of the file. How they were cut into pieces does not matter. */
export function digest_update(state: usize, src: usize, length: usize): void {
  useKey(0);
  streamTake(state, src, length);
}

/** Writes the 32 bytes of the digest. The state is not used afterwards. */
export function digest_final(state: usize, dst32: usize): void {
  useKey(0);
  streamEnd(state, dst32);
}

// The same with the key that is set. Only BLAKE3 has one here: BLAKE2b sums blocks in lockstep, whatever their number.

export function streamStart(kind: u32, state: usize): void {
  store<u32>(state, kind, KIND);
  state += INNER;
  if (kind == BLAKE2SP) blake2spStart(state);
  else if (kind == BLAKE3) blake3Start(state);
  else if (kind == BLAKE2B) blake2bStart(state);
  else unreachable();
}

export function streamTake(state: usize, src: usize, length: usize): void {
  const kind = load<u32>(state, KIND);
  state += INNER;
  if (kind == BLAKE2SP) blake2spTake(state, src, length);
  else if (kind == BLAKE3) blake3Take(state, src, length);
  else if (kind == BLAKE2B) blake2bTake(state, src, length);
  else unreachable();
}

export function streamEnd(state: usize, dst32: usize): void {
  const kind = load<u32>(state, KIND);
  state += INNER;
  if (kind == BLAKE2SP) blake2spEnd(state, dst32);
  else if (kind == BLAKE3) blake3End(state, dst32);
  else if (kind == BLAKE2B) blake2bEnd(state, dst32);
  else unreachable();
}
