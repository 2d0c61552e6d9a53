/** Entity tags (RFC 9110, section 8.8.3). */

const STRONG_TAG = /^"[\x21\x23-\x7e\x80-\xff]*"$/;

/** The tag if it is a strong one, with its quotes, else undefined: weak, missing or malformed. */
export function strongTag(tag: string | null | undefined): string | undefined {
  const trimmed = tag?.trim();
  return trimmed !== undefined && STRONG_TAG.test(trimmed) ? trimmed : undefined;
}
