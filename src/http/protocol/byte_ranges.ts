/** Ranges of bytes in headers (RFC 9110, section 14). */
import type { Run } from "./run_list.ts";

/** What a `Content-Range` says. */
export interface ContentRange extends Run {
  /** Length of the whole file, if it is told. */
  readonly total: number | undefined;
}

/** The value of `Range` for some runs. */
export function formatRange(runs: readonly Run[]): string {
  return `bytes=${runs.map(({ offset, length }) => `${offset}-${offset + length - 1}`).join(",")}`;
}

/** Reads a `Content-Range` of a part: `bytes 0-99/1000`. Undefined if it is something else. */
export function parseContentRange(value: string | null | undefined): ContentRange | undefined {
  const match = /^bytes[ \t]+(\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value?.trim() ?? "");
  if (!match) return undefined;
  const [, first, last, total] = match;
  const offset = Number(first);
  const length = Number(last) - offset + 1;
  return length < 1 ? undefined : { offset, length, total: total === "*" ? undefined : Number(total) };
}
