/** Preconditions (RFC 9110, section 13). */
import { strongTag } from "../protocol/entity_tag.ts";

/** What conditions are about: the version of a file that is there, or undefined if there is none. */
export interface Validators {
  /** A strong tag, with its quotes. */
  readonly entityTag: string;
  readonly modifiedMs?: number | undefined;
}

const SECOND_MS = 1000;
/** The three forms of a date (section 5.6.7). */
const DATES = [
  /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
];
const TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/y;
const SEPARATOR = /[\t ,]*/y;

/**
 * Evaluates the preconditions of a request in the order of section 13.2.2. `If-Range` is not among them.
 *
 * @returns The status that ends the request, or undefined if it goes on.
 */
export function failedCondition(request: Request, file: Validators | undefined): 304 | 412 | undefined {
  const { headers, method } = request;
  const isReading = method === "GET" || method === "HEAD";
  const ifMatch = headers.get("If-Match");
  if (ifMatch !== null) {
    if (!isListed(ifMatch, file, "strong")) return 412;
  } else {
    const since = dateOf(headers.get("If-Unmodified-Since"));
    const modified = modifiedSecond(file);
    if (since !== undefined && modified !== undefined && modified > since) return 412;
  }
  const ifNoneMatch = headers.get("If-None-Match");
  if (ifNoneMatch !== null) return isListed(ifNoneMatch, file, "weak") ? (isReading ? 304 : 412) : undefined;
  const since = dateOf(headers.get("If-Modified-Since"));
  const modified = modifiedSecond(file);
  if (isReading && since !== undefined && modified !== undefined && modified <= since) return 304;
  return undefined;
}

/** Whether `Range` counts: there is no `If-Range`, or it names this very version. */
export function isRangeWanted(headers: Headers, file: Validators): boolean {
  const ifRange = headers.get("If-Range");
  if (ifRange === null) return true;
  const tag = strongTag(ifRange);
  if (tag !== undefined) return tag === file.entityTag;
  const date = dateOf(ifRange);
  const modified = modifiedSecond(file);
  // A file can change twice in a second: the date of one that was just written says too little (section 8.8.2.2).
  return date !== undefined && date === modified && modified + SECOND_MS <= Date.now();
}

/** The date for `Last-Modified`: undefined if it is unknown, or in the future. */
export function lastModified(file: Validators): string | undefined {
  const modified = modifiedSecond(file);
  return modified === undefined || modified > Date.now() ? undefined : new Date(modified).toUTCString();
}

/** Whether a list of tags, or `*`, names the version. A list that is malformed names nothing from there on. */
function isListed(list: string, file: Validators | undefined, comparison: "strong" | "weak"): boolean {
  if (!file) return false;
  if (list.trim() === "*") return true;
  for (let at = 0;;) {
    SEPARATOR.lastIndex = at;
    SEPARATOR.test(list);
    TAG.lastIndex = SEPARATOR.lastIndex;
    const match = TAG.exec(list);
    if (!match) return false;
    if (match[2] === file.entityTag && (comparison === "weak" || !match[1])) return true;
    at = TAG.lastIndex;
  }
}

/** When the file was modified, in milliseconds, without the fraction of a second that HTTP's dates lack. */
function modifiedSecond(file: Validators | undefined): number | undefined {
  const { modifiedMs } = file ?? {};
  return modifiedMs === undefined ? undefined : Math.floor(modifiedMs / SECOND_MS) * SECOND_MS;
}

function dateOf(value: string | null): number | undefined {
  if (value === null) return undefined;
  const form = DATES.findIndex((date) => date.test(value));
  if (form < 0) return undefined;
  const ms = Date.parse(form === 2 ? `${value} GMT` : value);
  return Number.isNaN(ms) ? undefined : ms;
}
