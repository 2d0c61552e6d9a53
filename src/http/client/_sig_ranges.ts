import type { BasisSource } from "../../basis/interface.ts";
import { HttpError } from "../http_error.ts";
import { strongTag } from "../protocol/entity_tag.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes that are read first, from the end: what `LayeredSig.open()` reads. */
const TAIL_LENGTH = 2048;
/** Headers of the first request. */
export const FIRST_RANGE = { Range: `bytes=-${TAIL_LENGTH}` };
/** Bytes of a signature that is answered whole, because the server knows no ranges. */
const MAX_WHOLE_LENGTH = 2 ** 26;

/** Sends a request with these headers, and returns the answer. */
export type Send = (headers: Record<string, string>) => Promise<Response>;

/** A signature on a server, read in ranges of one version. */
export class SigRanges implements BasisSource {
  readonly size: number;
  /** Headers of the first answer. */
  readonly headers: Headers;
  readonly #url: URL;
  readonly #send: Send;
  /** What was read first, and where it starts. */
  readonly #tail: Bytes;

  private constructor(url: URL, send: Send, headers: Headers, size: number, tail: Bytes) {
    this.#url = url;
    this.#send = send;
    this.headers = headers;
    this.size = size;
    this.#tail = tail;
  }

  /**
   * Takes the answer to the first request, which had {@linkcode FIRST_RANGE} as its headers.
   *
   * @throws {HttpError} If it is not the end of a file.
   */
  static async open(response: Response, url: URL, send: Send): Promise<SigRanges> {
    const { status, headers } = response;
    if (status === 200) {
      const bytes = await readBody(response, MAX_WHOLE_LENGTH, url);
      return new SigRanges(url, send, headers, bytes.length, bytes);
    }
    if (status !== 206) throw await statusError(response, url, "read the signature");
    const [, first, last, size] = rangeOf(headers) ?? [];
    const length = Number(last) - Number(first) + 1;
    if (!(Number(last) === Number(size) - 1 && length === Math.min(TAIL_LENGTH, Number(size)))) {
      await response.body?.cancel();
      throw wrongRange(url, headers, `the last ${TAIL_LENGTH} bytes`);
    }
    const tail = await readBody(response, length, url);
    if (tail.length < length) throw new HttpError("network", url, "Cannot read the signature: the answer broke off");
    return new SigRanges(url, send, headers, Number(size), tail);
  }

  async read(offset: number, length: number): Promise<Bytes> {
    const end = Math.min(offset + length, this.size);
    const inTail = offset - (this.size - this.#tail.length);
    if (inTail >= 0) return this.#tail.slice(inTail, inTail + length);
    const tag = strongTag(this.headers.get("ETag"));
    const response = await this.#send({ Range: `bytes=${offset}-${end - 1}`, ...(tag && { "If-Match": tag }) });
    if (response.status === 412) {
      await response.body?.cancel();
      throw new HttpError("changed", this.#url, "Cannot read the signature: it was replaced by another one", {
        status: 412,
      });
    }
    if (response.status !== 206) throw await statusError(response, this.#url, "read the signature");
    const { headers } = response;
    const [, first, last, size] = rangeOf(headers) ?? [];
    if (Number(first) !== offset || Number(last) !== end - 1 || Number(size) !== this.size) {
      await response.body?.cancel();
      throw wrongRange(this.#url, headers, `bytes ${offset}-${end - 1}/${this.size}`);
    }
    return await readBody(response, end - offset, this.#url);
  }
}

/** The error for a status that is not expected. It takes the reason from a problem body. */
export async function statusError(response: Response, url: URL, action: string): Promise<HttpError> {
  const { status, headers } = response;
  let detail = "";
  try {
    if (headers.get("Content-Type") === "application/problem+json") detail = `: ${(await response.json()).detail}`;
    else await response.body?.cancel();
  } catch {
    // The status says enough.
  }
  return new HttpError("status", url, `Cannot ${action}: the server answered ${status}${detail}`, { status });
}

/** Reads a body that has at most `maxLength` bytes. */
async function readBody(response: Response, maxLength: number, url: URL): Promise<Bytes> {
  const chunks: Bytes[] = [];
  let length = 0;
  const reader = (response.body ?? new Blob([]).stream()).getReader();
  for (;;) {
    let result: ReadableStreamReadResult<Bytes>;
    try {
      result = await reader.read();
    } catch (cause) {
      throw new HttpError("network", url, "Cannot read the signature: the answer broke off", { cause });
    }
    if (result.done) break;
    chunks.push(result.value);
    length += result.value.length;
    if (length <= maxLength) continue;
    await reader.cancel().catch(() => {});
    throw new HttpError("protocol", url, `Cannot read the signature: more than the ${maxLength} bytes came`);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function rangeOf(headers: Headers): RegExpExecArray | null {
  return /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get("Content-Range") ?? "");
}

function wrongRange(url: URL, headers: Headers, expected: string): HttpError {
  const seen = headers.get("Content-Range") ?? "no Content-Range";
  return new HttpError("protocol", url, `Cannot read the signature: ${seen} was seen, ${expected} was expected`, {
    status: 206,
  });
}
