/**
 * What went wrong with a server. `docs/http.md` says what to do about each. Codes are never renamed.
 *
 * @example When another attempt helps
 * ```ts
 * import { HttpError, type HttpErrorCode } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const passing = new Set<HttpErrorCode>(["network", "timeout", "changed"]);
 * const isPassing = (error: unknown) => error instanceof HttpError && passing.has(error.code);
 *
 * assert.ok(isPassing(new HttpError("timeout", "https://example.com/file", "Cannot fetch: nothing came for 30 s")));
 * assert.ok(!isPassing(new HttpError("status", "https://example.com/file", "Cannot fetch: 404", { status: 404 })));
 * ```
 */
export type HttpErrorCode =
  /** A response with a status that cannot be used. */
  | "status"
  /** A response that is not what was asked for, such as another range. */
  | "protocol"
  /** No answer, or one that broke off, also after several attempts. */
  | "network"
  /** No byte came for too long. */
  | "timeout"
  /** The file on the server is no longer the one that was there at the start. */
  | "changed";

/**
 * Options of {@linkcode HttpError}.
 *
 * @example A status
 * ```ts
 * import { HttpError, type HttpErrorOptions } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const options: HttpErrorOptions = { status: 403 };
 * assert.equal(new HttpError("status", "https://example.com/file", "Cannot fetch: 403", options).status, 403);
 * ```
 */
export interface HttpErrorOptions extends ErrorOptions {
  /** Status of the response, if there was one. */
  status?: number | undefined;
}

/**
 * A server did not answer, or its response cannot be used.
 *
 * @example A file that is not there
 * ```ts
 * import { fetchUpdate, HttpError } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const fetch = () => Promise.resolve(new Response("No such file", { status: 404 })); // stands for a server
 * const { readable } = await fetchUpdate("https://example.com/file", undefined, { fetch });
 * await assert.rejects(
 *   new Response(readable).arrayBuffer(),
 *   (error) => error instanceof HttpError && error.code === "status" && error.status === 404,
 * );
 * ```
 */
export class HttpError extends Error {
  /** Always `"HttpError"`, also where two copies of the library meet. */
  override readonly name = "HttpError";
  /** What went wrong, for programs. */
  readonly code: HttpErrorCode;
  /** The URL that was asked. */
  readonly url: string;
  /** Status of the response, if there was one. */
  readonly status: number | undefined;

  /**
   * Makes an error.
   *
   * @param code What went wrong, for programs.
   * @param url The URL that was asked.
   * @param message What was being done, why not, and what was seen, for people.
   * @param options Status and cause.
   */
  constructor(code: HttpErrorCode, url: string | URL, message: string, options: HttpErrorOptions = {}) {
    const { status, cause } = options;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.url = String(url);
    this.status = status;
  }
}
