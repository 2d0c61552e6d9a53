// The key of the strong sums that are computed. Several summers and searchers share an instance, each with a key of its
// own or none, so every export that computes sums sets it first.

/**
 * A key: the message that BLAKE2b starts with, of the salt and zeros, whose first 32 bytes are the key of BLAKE3; then
 * the eight words of BLAKE2b after that message.
 */
const KEY: usize = 128 + 64;
/** Bytes of a salt. */
export const SALT: usize = 16;

/** The address of the key, or 0 if there is none. */
export let key: usize = 0;

/** Bytes that the host allocates for one key. */
export function strong_key_size(): u32 {
  return <u32>KEY;
}

/** Sets the key of what is summed next, or none if it is 0. */
export function useKey(at: usize): void {
  key = at;
}

/** The address of the words of BLAKE2b after the key. */
@inline
export function blake2bWords(at: usize): usize {
  return at + 128;
}
