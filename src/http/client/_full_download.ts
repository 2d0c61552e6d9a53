import { HttpError } from "../http_error.ts";
import { parseContentRange } from "../protocol/byte_ranges.ts";
import { strongTag } from "../protocol/entity_tag.ts";
import { type Answer, type Connection, NOT_ENCODED } from "./connection.ts";
import { Retries } from "./_retries.ts";
import { statusError } from "./_status_error.ts";

/** What is known of a file that is downloaded whole. */
export interface Download {
  readonly url: URL;
  /** Whether the digest will be compared at the end. Then a download can go on without a tag after a break. */
  readonly isVerified: boolean;
}

/** What the first answer said. */
interface Version {
  readonly tag: string | undefined;
  length: number | undefined;
  /** The last answer was compressed: its bytes cannot be counted, and it cannot be resumed. */
  readonly isEncoded: boolean;
}

/**
 * Downloads a whole file. After a break it goes on at the missing byte.
 *
 * @param onHead Called with the first answer.
 * @throws {HttpError} If the server does not give it, or it changes.
 */
export async function* fullDownload(
  connection: Connection,
  { url, isVerified }: Download,
  onHead: (answer: Answer) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const retries = new Retries(connection);
  let version: Version | undefined;
  let length = 0;
  for (;;) {
    try {
      const answer = await connection.send(url, { headers: resumeHeaders(length, version) });
      const { start, total } = await startOf(answer, length, version, isVerified);
      if (!version) onHead(answer);
      version ??= { tag: strongTag(answer.headers.get("etag")), length: total, isEncoded: answer.isEncoded };
      // The first answer may come without a length, and a later one with less than the rest.
      version.length ??= total;
      let at = start;
      for await (const chunk of answer.chunks()) {
        const fresh = chunk.subarray(Math.max(0, length - at));
        at += chunk.length;
        if (fresh.length === 0) continue;
        length += fresh.length;
        retries.noteProgress(fresh.length);
        yield fresh;
      }
      if (version.length === undefined || length === version.length) return;
      const code = length < version.length ? "network" : "protocol";
      throw new HttpError(code, url, `Cannot read ${url}: ${length} bytes came, ${version.length} were expected`);
    } catch (error) {
      const canGoOn = length === 0 || !version?.isEncoded && (isVerified || version?.tag !== undefined);
      if (!canGoOn) throw error;
      await retries.waitOrThrow(error, length > 0);
    }
  }
}

function resumeHeaders(length: number, version: Version | undefined): Record<string, string> {
  const headers: Record<string, string> = { ...NOT_ENCODED };
  if (length === 0) return headers;
  headers.Range = `bytes=${length}-`;
  if (version?.tag !== undefined) headers["If-Range"] = version.tag;
  return headers;
}

/**
 * Checks an answer.
 *
 * @returns Where its bytes start in the file, and the length of the file, if the answer has it.
 */
async function startOf(
  answer: Answer,
  length: number,
  version: Version | undefined,
  isVerified: boolean,
): Promise<{ start: number; total: number | undefined }> {
  const { url, status, headers } = answer;
  try {
    const range = parseContentRange(headers.get("content-range"));
    const isRange = status === 206 && length > 0 && !answer.isEncoded && (range?.offset ?? length) === length;
    if (status !== 200 && !isRange) throw await statusError(answer);
    const tag = strongTag(headers.get("etag"));
    const total = isRange ? range?.total : answer.length;
    const refuse = (code: "changed" | "protocol", why: string) =>
      new HttpError(code, url, `Cannot go on with ${url} at byte ${length}: ${why}`);
    const isChanged = version?.tag !== undefined && tag !== undefined && tag !== version.tag ||
      version?.length !== undefined && total !== undefined && total !== version.length;
    if (isChanged) throw refuse("changed", "it changed");
    // Then an answer with less than the rest would look like the end.
    const isEndless = isRange && !isVerified && (total ?? version?.length) === undefined;
    if (isEndless) throw refuse("protocol", "nothing says where it ends");
    return { start: isRange ? length : 0, total };
  } catch (error) {
    await answer.cancel();
    throw error;
  }
}
