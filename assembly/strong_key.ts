import { BLAKE2B, BLAKE3 } from "./_generated/rules";
import { blake2bAfterKey } from "./blake2b";
import { blake2bWords, SALT } from "./key";

/**
 * Makes a key in zeroed memory. Strong sums without a key trap.
 *
 * @param kind Number of the strong sum.
 * @param salt Address of the 16 bytes that the key is made of.
 */
export function strong_key_init(kind: u32, salt: usize, at: usize): void {
  if (kind != BLAKE3 && kind != BLAKE2B) unreachable();
  memory.copy(at, salt, SALT);
  if (kind == BLAKE2B) blake2bAfterKey(at, blake2bWords(at));
}
