/** Paragraphs for terminals and man pages. */

/** Splits a text into its paragraphs. Empty lines are between them, and other breaks of lines mean nothing. */
export function paragraphsOf(text: string): string[] {
  return text.split("\n\n").map((paragraph) => paragraph.replaceAll("\n", " "));
}

/** Breaks a text between words. */
export function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines;
}
