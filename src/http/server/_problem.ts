import { RsyncError } from "../../common/rsync_error.ts";

/** Titles of the statuses that are used. */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  416: "Range Not Satisfiable",
  422: "Unprocessable Content",
  428: "Precondition Required",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** The status for each kind of bad bytes. What is not here is no fault of the client. */
const STATUS_OF_CODE: Partial<Record<RsyncError["code"], number>> = {
  "bad-magic": 400,
  unsupported: 400,
  truncated: 400,
  "trailing-data": 400,
  "unknown-command": 400,
  limit: 413,
  "copy-out-of-range": 422,
  "digest-mismatch": 422,
};

/** Options of {@linkcode Problem}. */
export interface ProblemOptions extends ErrorOptions {
  /** `code` of an `RsyncError`. */
  readonly code?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Why a request is not answered as it wishes. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail For people: what was seen, and what was expected. */
  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    const { code, headers = {}, cause } = options;
    super(detail, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** What an error means to the client. Undefined if it is a fault of this side. */
export function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  if (!(error instanceof RsyncError)) return undefined;
  const { code, message } = error;
  const status = STATUS_OF_CODE[code];
  return status === undefined ? undefined : new Problem(status, message, { code, cause: error });
}

/** The answer (RFC 9457). */
export function problemResponse({ status, message, code, headers }: Problem, method: string): Response {
  const body = JSON.stringify({ type: "about:blank", title: TITLES[status], status, detail: message, code });
  return new Response(method === "HEAD" ? null : body, {
    status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...headers },
  });
}
