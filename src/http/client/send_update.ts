import { type Basis, toPatchBasis } from "../../basis/basis_source.ts";
import { checkCallback, checkInteger, checkOptions } from "../../common/checks.ts";
import { sigUrlOf } from "../protocol/media_types.ts";
import { FileUpload, MAX_TIMEOUT_MS, type SendStats, type SentUpdate } from "./_file_upload.ts";

export type { SendStats, SentUpdate } from "./_file_upload.ts";

/** Options of {@linkcode sendUpdate}. */
export interface SendUpdateOptions {
  /**
   * What sends requests.
   * @default the `fetch` of the runtime
   */
  fetch?: typeof fetch | undefined;
  /** Headers of all requests, such as `Authorization`. */
  headers?: HeadersInit | undefined;
  /** Ends the work early. An upload whose last byte was sent may have its effect all the same. */
  signal?: AbortSignal | undefined;
  /**
   * URL of the layered signature.
   * @default that of the file, with `.rsig` after its path
   */
  sigUrl?: string | URL | undefined;
  /**
   * How long an answer is waited for, in milliseconds. An upload may take as much longer as it takes at 8 KB/s.
   * @default {30_000}
   */
  timeoutMs?: number | undefined;
  /** Called with the stats after each answer, and as bytes are handed over. */
  onProgress?: ((stats: Readonly<SendStats>) => void) | undefined;
}

/**
 * Makes the file on a server equal to a local one, and sends little more than what changed.
 *
 * It reads the layered signature of the server's file, searches the local file for what the server has, and sends the
 * rest as a delta with `PATCH`. The server, a {@linkcode syncHandler} with `commit`, verifies the result before it
 * replaces its file. If somebody else has changed the file meanwhile, it stays as they made it, and this rejects with
 * `changed`: call it again. A file that the server does not have is created.
 *
 * The local file is read several times, and must not change meanwhile: an upload that is not what its digest says is
 * refused. Memory stays constant, apart from up to 32 MiB of a compressed delta; in browsers, all of it. The
 * answers of the server are not trusted: at worst they make the upload long.
 *
 * @param url URL of the file.
 * @param target The local file.
 * @param options How to send, and when to stop.
 * @returns What was done. Rejects with {@linkcode HttpError}: `changed` if the file is no longer the version whose
 * signature was read, `status`, `protocol`, `network` or `timeout`; with the reason of `signal`; with an `RsyncError`
 * if the layered signature is damaged; and with what reading the local file throws.
 * @throws {TypeError | RangeError} If an option is wrong. It is a rejection as well.
 *
 * @example From a local file to a handler
 * ```ts
 * import { sendUpdate, type ServedFile, syncHandler } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * let version = 1;
 * let file = new TextEncoder().encode("a line of the old file\n".repeat(1000));
 * const handler = syncHandler({
 *   open: (): ServedFile => ({ basis: file, size: file.length, entityTag: `"${version}"` }),
 *   async commit(_url, readable) {
 *     file = new Uint8Array(await new Response(readable).arrayBuffer());
 *     version++;
 *   },
 * });
 *
 * const target = new Blob([file, "a new line\n"]);
 * const { status, entityTag, stats } = await sendUpdate("http://localhost/file", target, {
 *   fetch: (input, init) => handler(new Request(input, init)),
 * });
 * assert.equal(status, "updated");
 * assert.equal(entityTag, '"2"');
 * assert.ok(stats.bytesSent < 200);
 * assert.equal(await new Blob([file]).text(), await target.text());
 * ```
 */
export async function sendUpdate(
  url: string | URL,
  target: Basis,
  options: SendUpdateOptions = {},
): Promise<SentUpdate> {
  const { timeoutMs = 30_000, onProgress } = checkOptions(options);
  checkInteger("timeoutMs", timeoutMs, 1, MAX_TIMEOUT_MS);
  checkCallback("onProgress", onProgress);
  checkCallback("fetch", options.fetch);
  const source = toPatchBasis(target);
  const { href } = globalThis.location ?? {};
  const fileUrl = new URL(url, href);
  const sigUrl = options.sigUrl === undefined ? sigUrlOf(fileUrl) : new URL(options.sigUrl, href);
  return await new FileUpload({ ...options, url: fileUrl, sigUrl, target, source, timeoutMs }).run();
}
