import type { SumParams } from "../interface.ts";
import { STRONG_SUMS } from "../rules/sums.ts";
import type { KernelInstance } from "./instance.ts";

/**
 * Makes the key of strong sums in the memory of an instance. Returns its address, or 0 if there is no salt.
 *
 * It frees nothing: an index takes fresh, zeroed memory for granted, each piece behind the one before.
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
