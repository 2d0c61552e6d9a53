import {
  checkCallback,
  checkFunction,
  checkInteger,
  checkLimit,
  checkOptions,
  type OptionNames,
} from "../../common/checks.ts";
import type { BackendOptions } from "../../kernel/interface.ts";
import { checkBackend } from "../../kernel/mod.ts";
import { isAllowedOrigin } from "../protocol/origin.ts";
import { Handler } from "./_handler.ts";
import type { ServedFile } from "./_open_files.ts";

export type { ServedFile } from "./_open_files.ts";

/** Longest time that timers take, in milliseconds. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

const NAMES: OptionNames<SyncHandlerOptions> = {
  open: true,
  commit: true,
  allowOrigin: true,
  maxInputLength: true,
  maxOutputLength: true,
  maxCacheLength: true,
  timeoutMs: true,
  maxRequests: true,
  secret: true,
  onError: true,
  backend: true,
};

/**
 * Options of {@linkcode syncHandler}.
 *
 * @example Small uploads, by one name
 * ```ts
 * import { syncHandler, type SyncHandlerOptions } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const options: SyncHandlerOptions = {
 *   open({ pathname }) {
 *     if (pathname !== "/file") throw new Response("No such name", { status: 403 });
 *     return undefined;
 *   },
 *   commit: (_url, readable) => readable.pipeTo(new WritableStream()),
 *   maxOutputLength: 2 ** 20,
 * };
 * const answer = await syncHandler(options)(new Request("http://localhost/other"));
 * assert.equal(answer.status, 403);
 * ```
 */
export interface SyncHandlerOptions extends BackendOptions {
  /**
   * Opens a file for reading.
   *
   * @param url The URL of the file, never of its `.rsig`. A URL can name anything, so check it before you turn it into
   * a path.
   * @param request What is asked.
   * @returns The file, or undefined if there is none. That is answered with 404, and with `commit` an upload may
   * create the file. It may throw a `Response`, such as one with status 401, which becomes the response. Throw one for
   * each name that must not be created, too, and check who asks before you return undefined.
   */
  open(url: URL, request: Request): ServedFile | undefined | Promise<ServedFile | undefined>;
  /**
   * Replaces a file, or creates it if `open` returned undefined. Without this function nothing can be uploaded.
   *
   * Uploads to one path finish one after the other. If several paths lead to one file, or other programs change it,
   * check its version again before you replace it.
   *
   * @param url The URL of the file.
   * @param readable All bytes of the new file. They replace the old ones at its end, all at once, or not at all if it
   * errors. It errors if the upload is not what it should be, or if another one was faster.
   * @param request What is asked.
   * @returns A promise to wait for. Once it resolves, `open` must return the new version.
   */
  commit?: ((url: URL, readable: ReadableStream<Uint8Array<ArrayBuffer>>, request: Request) => unknown) | undefined;
  /**
   * Which pages of other origins may read: `*`, or an origin such as `https://example.com`. They may upload only if
   * this is given.
   * @default {"*"}
   */
  allowOrigin?: string | undefined;
  /**
   * Largest request body, in bytes, as sent and as decoded. Lists of runs are also limited to 1 MiB, and signatures to
   * 16 MiB. Deltas are not held in memory.
   * @default {2 ** 33}
   */
  maxInputLength?: number | undefined;
  /**
   * Largest file that an upload may make, in bytes.
   * @default {2 ** 32}
   */
  maxOutputLength?: number | undefined;
  /**
   * Bytes of layered signatures to keep in memory. The last one used is kept, whatever its length.
   * @default {2 ** 26}
   */
  maxCacheLength?: number | undefined;
  /**
   * How long the body of a request may take, in milliseconds, and how long the reader of a response may take nothing.
   * @default {300_000}
   */
  timeoutMs?: number | undefined;
  /**
   * How many queries, uploads and signatures are processed at once. Others wait for up to 10 s, and then get 503. The
   * compression of a body of 4 MiB or more takes about 20 MiB of memory.
   * @default {32}
   */
  maxRequests?: number | undefined;
  /**
   * The salts of layered signatures are derived from it. Set it if several processes serve the same files, or one that
   * restarts: they then make equal signatures of a file. An attacker who knows it can forge collisions.
   * @default random salts
   */
  secret?: string | undefined;
  /**
   * Called with each error that became a 500 or broke off the body of a response.
   * @default {console.error}
   */
  onError?: ((error: unknown, request: Request) => void) | undefined;
}

/**
 * A function that answers requests. Its promise never rejects.
 *
 * @example Beside other responses
 * ```ts
 * import { syncHandler, type SyncHandler } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const files: SyncHandler = syncHandler({ open: () => undefined });
 * const answer = (request: Request) => request.url.endsWith("/hello") ? new Response("hello") : files(request);
 *
 * assert.equal((await answer(new Request("http://localhost/hello"))).status, 200);
 * assert.equal((await answer(new Request("http://localhost/file"))).status, 404);
 * ```
 */
export type SyncHandler = (request: Request) => Promise<Response>;

/**
 * Makes a handler that serves whole files, ranges, and what clients lack of them, with layered signatures. With
 * `commit` it also takes uploads.
 *
 * It answers `GET`, `HEAD` and `OPTIONS`, of a file and of its layered signature: the URL with `.rsig` after its path,
 * made once for each version. `QUERY` or `POST` with a list of runs, to either URL, is answered with their bytes,
 * compressed; with a signature, it is answered with a delta. With `commit`, `PATCH` takes a delta. `docs/http.md`
 * describes the protocol. Errors are problem bodies (RFC 9457).
 *
 * Requests may come from anybody. The handler does not turn URLs into paths. `open` and `commit` decide which files
 * there are and who may have them, so they must refuse `..` and the like. A body holds about 256 KiB of a file at a
 * time, a signature for a delta 64 bytes for each of its blocks, and the compression of a body some megabytes. A file
 * is read as the client takes the bytes. An upload is verified by its digest before `commit` sees its end.
 *
 * @param options Where files come from and go, and limits.
 * @returns A function from a request to its response, for `Deno.serve`, `Bun.serve`, `export default { fetch }` and the
 * like. It never rejects.
 * @throws {TypeError} If an option is of the wrong kind.
 * @throws {RangeError} If an option is out of range.
 * @throws {RsyncError} If `backend` is `"wasm"`, and the runtime refuses that: `unsupported`.
 *
 * @example A file in memory, a part of it, and its signature
 * ```ts
 * import { syncHandler } from "rsync-streams/http";
 * import { LayeredSig } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const text = new TextEncoder().encode("a text, ".repeat(1000));
 * const handler = syncHandler({
 *   open({ pathname }) {
 *     if (pathname !== "/text") return undefined;
 *     return { basis: text, size: text.length, entityTag: '"1"', contentType: "text/plain" };
 *   },
 * });
 *
 * const part = await handler(new Request("http://localhost/text", { headers: { Range: "bytes=2-5" } }));
 * assert.equal(part.status, 206);
 * assert.equal(await part.text(), "text");
 *
 * const sig = await handler(new Request("http://localhost/text.rsig"));
 * const { footer } = await LayeredSig.open(await sig.arrayBuffer());
 * assert.equal(footer.fileLength, 8000);
 * assert.equal(footer.entityTag, '"1"');
 * ```
 */
export function syncHandler(options: SyncHandlerOptions): SyncHandler {
  const { open, commit, allowOrigin, secret, backend } = checkOptions(options, NAMES);
  const { maxInputLength = 2 ** 33, maxOutputLength = 2 ** 32, maxCacheLength = 2 ** 26 } = options;
  const { timeoutMs = 300_000, maxRequests = 32, onError = (error: unknown) => console.error(error) } = options;
  checkBackend(backend);
  const handler = new Handler({
    open: checkFunction("open", open).bind(options),
    commit: checkCallback("commit", commit)?.bind(options),
    allowOrigin: checkOrigin(checkString("allowOrigin", allowOrigin)),
    secret: checkString("secret", secret),
    maxInputLength: checkLimit("maxInputLength", maxInputLength),
    maxOutputLength: checkLimit("maxOutputLength", maxOutputLength),
    maxCacheLength: checkLimit("maxCacheLength", maxCacheLength),
    timeoutMs: checkInteger("timeoutMs", timeoutMs, 1, MAX_TIMEOUT_MS),
    maxRequests: checkInteger("maxRequests", maxRequests, 1, Number.MAX_SAFE_INTEGER),
    onError: checkFunction("onError", onError),
    backend,
  });
  return (request) => handler.answer(request);
}

function checkString(name: string, value: string | undefined): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  throw new TypeError(`Cannot use ${name}: a string was expected, ${String(value)} was given`);
}

/** Browsers compare it letter by letter: one with a slash at its end would allow nothing, and nobody would know why. */
function checkOrigin(value: string | undefined): string | undefined {
  if (value === undefined || isAllowedOrigin(value)) return value;
  const expected = "an origin such as https://example.com, without a path, or * was expected";
  throw new RangeError(`Cannot use allowOrigin: ${JSON.stringify(value)} was given, ${expected}`);
}
