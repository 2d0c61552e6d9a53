import { isBrowser } from "./_browser.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes that are gathered before a body is sent as a stream. */
const MAX_GATHERED_LENGTH = 2 ** 25;

/** The body of an upload. */
export interface UploadBody {
  readonly body: Blob | ReadableStream<Bytes>;
  /** Its bytes; undefined if it is a stream. */
  readonly length: number | undefined;
}

/**
 * Makes the body of a request from a stream. Up to 32 MiB are gathered: every runtime can send them, and every server
 * learns their length. Longer bodies are streams where the runtime can send such, and gathered elsewhere, as in all
 * browsers.
 *
 * @param onSent Called with the number of bytes that are handed over, where the body is a stream.
 */
export async function uploadBody(
  readable: ReadableStream<Bytes>,
  onSent: (length: number) => void,
): Promise<UploadBody> {
  const reader = readable.getReader();
  const maxLength = hasRequestStreams() ? MAX_GATHERED_LENGTH : Infinity;
  const chunks: Bytes[] = [];
  let length = 0;
  while (length <= maxLength) {
    const { done, value } = await reader.read();
    if (done) return { body: new Blob(chunks), length };
    chunks.push(value);
    length += value.length;
  }
  const body = new ReadableStream<Bytes>({
    async pull(controller) {
      const chunk = chunks.shift() ?? (await reader.read()).value;
      if (!chunk) return controller.close();
      onSent(chunk.length);
      controller.enqueue(chunk);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  return { body, length: undefined };
}

/**
 * Whether a request can have a stream as its body. Those that cannot take it for a text, which has a type. Chrome (156)
 * makes such a request, and then fails to send it over HTTP/1.1. Nothing says beforehand what a server speaks.
 */
function hasRequestStreams(): boolean {
  if (isBrowser()) return false;
  try {
    const init = { method: "POST", body: new ReadableStream(), duplex: "half" };
    return !new Request("http://localhost/", init as RequestInit).headers.has("Content-Type");
  } catch {
    return false;
  }
}
