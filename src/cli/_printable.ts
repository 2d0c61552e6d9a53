/** Characters that a terminal obeys instead of showing: control characters, ends of lines, turns of direction. */
const OBEYED = /[\p{Cc}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

const ESCAPES: Readonly<Record<string, string>> = { "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** A text, such as the name of a file, in which each character that a terminal would obey is replaced by an escape. */
export function printable(text: string): string {
  return text.replaceAll(OBEYED, (character) => ESCAPES[character] ?? escape(character.charCodeAt(0)));
}

function escape(code: number): string {
  const digits = code.toString(16);
  return code < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`;
}
