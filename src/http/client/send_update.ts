import { type Basis, toPatchBasis } from "../../basis/basis_source.ts";
import { endReads } from "../../basis/end_reads.ts";
import { checkCallback, checkOptions, checkSignal } from "../../common/checks.ts";
import { checkBackend } from "../../kernel/mod.ts";
import { FileUpload } from "./_file_upload.ts";
import type { SendUpdateOptions, SentUpdate } from "./send_options.ts";
import { CLIENT_NAMES } from "./update_options.ts";
import { resolveUrls } from "./_urls.ts";

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
 * responses of the server are not trusted: at worst they make the upload long.
 *
 * @param url The file on the server. In a page it may be relative.
 * @param target The local file.
 * @param options How to send, and when to stop.
 * @returns What was done. Rejects with {@linkcode HttpError}: `changed` if the file is no longer the version whose
 * signature was read, `status`, `protocol`, `network` or `timeout`; with the reason of `signal`; with an `RsyncError`
 * if the layered signature is damaged, or has blocks of more than 64 MiB; and with what reading the local file throws.
 * @throws {TypeError | RangeError} If the URL is invalid or has a password, or an option is wrong. It is a rejection as
 * well.
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
  const { timeoutMs = 30_000, sigUrl, onProgress, backend } = checkOptions(options, CLIENT_NAMES);
  checkBackend(backend);
  checkCallback("onProgress", onProgress);
  const source = endReads(toPatchBasis(target), checkSignal(options.signal));
  return await new FileUpload({
    ...resolveUrls(url, sigUrl),
    target,
    source,
    timeoutMs,
    options,
  }).run();
}
