import type { SumParams } from "../interface.ts";
import { STRONG_SUMS } from "../rules/sums.ts";
import type { KernelInstance } from "./instance.ts";

/**
 * Makes the key of strong sums in the memory of an instance. Returns its address, or 0 if there is no salt.
 *
 * The copy of the salt is not freed: an index has its records at the end of its memory, and must not be given a piece
 * that was used before.
 */
export function makeStrongKey(instance: KernelInstance, { strongSum, salt }: SumParams): number {
  if (salt === undefined) return 0;
  const { exports } = instance;
  const length = exports.strong_key_size();
  const key = instance.allocate(length);
  const source = instance.allocate(salt.length);
  instance.bytes.fill(0, key, key + length);
  instance.bytes.set(salt, source);
  exports.strong_key_init(STRONG_SUMS[strongSum].kind, source, key);
  return key;
}
