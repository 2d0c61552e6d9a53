/** The `Range` of a request (RFC 9110, section 14). */
import type { Run } from "../protocol/run_list.ts";

/** More ranges than this are answered with the whole file. */
const MAX_RANGE_COUNT = 256;
/** Ranges that overlap or do not ascend: more than this are answered with the whole file. */
const MAX_ODD_COUNT = 16;
const SPEC = /^(\d*)-(\d*)$/;

/**
 * Reads the value of `Range`.
 *
 * Ranges that overlap or touch are joined, and then ascend. Otherwise they stay in their order.
 *
 * @returns The ranges that there are. None: no range can be satisfied, which is 416. Undefined: the header does not
 * count, since it is malformed, of another unit, or asks for too many; the whole file is the answer.
 */
export function parseRanges(value: string | null, size: number): Run[] | undefined {
  const specs = /^bytes=(.*)$/i.exec(value?.trim() ?? "")?.[1]?.split(",").map((spec) => spec.trim()).filter(Boolean);
  if (!specs || specs.length === 0 || specs.length > MAX_RANGE_COUNT) return undefined;
  const ranges: Run[] = [];
  for (const spec of specs) {
    const range = parseSpec(spec, size);
    if (range === undefined) return undefined;
    if (range !== "unsatisfiable") ranges.push(range);
  }
  return tidy(ranges);
}

/** For `Content-Range`. */
export function contentRange({ offset, length }: Run, size: number): string {
  return `bytes ${offset}-${offset + length - 1}/${size}`;
}

function parseSpec(spec: string, size: number): Run | "unsatisfiable" | undefined {
  const [, first, last] = SPEC.exec(spec) ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  if (first === "") {
    if (Number(last) === 0) return "unsatisfiable";
    // `Content-Range` cannot name the bytes of an empty file.
    if (size === 0) return undefined;
    const length = Math.min(Number(last), size);
    return { offset: size - length, length };
  }
  const offset = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  if (last !== "" && Number(last) < offset) return undefined;
  return offset < size ? { offset, length: end - offset } : "unsatisfiable";
}

function tidy(ranges: Run[]): Run[] | undefined {
  const ascending = [...ranges].sort((a, b) => a.offset - b.offset);
  const isAscending = ascending.every((range, i) => range === ranges[i]);
  const joined: { offset: number; length: number }[] = [];
  for (const { offset, length } of ascending) {
    const before = joined.at(-1);
    const end = before ? before.offset + before.length : -1;
    if (before && offset <= end) before.length = Math.max(end, offset + length) - before.offset;
    else joined.push({ offset, length });
  }
  const hasOverlaps = joined.length < ranges.length;
  if ((hasOverlaps || !isAscending) && ranges.length > MAX_ODD_COUNT) return undefined;
  return hasOverlaps ? joined : ranges;
}
