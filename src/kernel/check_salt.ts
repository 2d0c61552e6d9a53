import { isBytes } from "../common/bytes.ts";
import { SALT_LENGTH, STRONG_SUMS, type StrongSum } from "./rules/sums.ts";

/**
 * Checks that strong sums can be keyed with a salt, if there is one.
 *
 * @throws {TypeError} If the strong sum has no key, or the salt is not bytes.
 * @throws {RangeError} If the salt has another length.
 */
export function checkSalt({ strongSum, salt }: { strongSum: StrongSum; salt?: Uint8Array | undefined }): void {
  if (salt === undefined) return;
  if (!STRONG_SUMS[strongSum]?.isKeyed) {
    const sums = Object.entries(STRONG_SUMS).filter(([, { isKeyed }]) => isKeyed).map(([name]) => `"${name}"`);
    throw new TypeError(
      `Cannot use a salt: one of ${sums.join(", ")} was expected, strong sum "${strongSum}" was given`,
    );
  }
  if (!isBytes(salt)) throw new TypeError(`Cannot use a salt: ${typeof salt} was given, a Uint8Array was expected`);
  if (salt.length !== SALT_LENGTH) {
    throw new RangeError(`Cannot use a salt: ${salt.length} bytes were given, ${SALT_LENGTH} were expected`);
  }
}
