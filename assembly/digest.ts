import { BLAKE2B, BLAKE2SP, BLAKE3 } from "./_generated/rules";
import { blake2bEnd, blake2bStart, blake2bTake } from "./blake2b_stream";
import { blake2spEnd, blake2spStart, blake2spTake } from "./blake2sp_stream";
import { BLAKE3_STATE, blake3End, blake3Start, blake3Take } from "./blake3_stream";
import { useKey } from "./key";

// The state of a digest, by offsets.
const KIND: usize = 0; // u32
const KEY: usize = 4; // u32, address of the key, or 0
const INNER: usize = 16; // the state of the sum

/** Bytes of the largest state, that of BLAKE3. */
export const STATE: usize = INNER + BLAKE3_STATE;

/** Bytes that the host allocates for one digest. */
export function digest_state_size(): u32 {
  return <u32>STATE;
}

/**
 * Starts the digest of a file, or the strong sum of a block that comes in pieces: 256 bits. MD4 is refused: its blocks
 * come whole.
 *
 * @param key Address of the key that `strong_key_init` made for this kind, or 0. It stays there.
 */
export function digest_init(kind: u32, key: usize, state: usize): void {
  store<u32>(state, <u32>key, KEY);
  useKey(key);
  streamStart(kind, state);
}

/** Takes the next bytes. How they were cut into pieces does not matter. */
export function digest_update(state: usize, src: usize, length: usize): void {
  useKey(load<u32>(state, KEY));
  streamTake(state, src, length);
}

/** Writes the 32 bytes of the digest. The state is not used afterwards. */
export function digest_final(state: usize, dst32: usize): void {
  useKey(load<u32>(state, KEY));
  streamEnd(state, dst32);
}

// The same with the key that is set. With a key of BLAKE2b there has to be a byte.

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
