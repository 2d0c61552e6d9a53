import { HttpError } from "../http_error.ts";
import type { Answer } from "./connection.ts";

/** Bytes of the longest problem body that is read. */
const MAX_PROBLEM_LENGTH = 65_536;

/** An answer whose status is not the one that is needed. */
export class StatusError extends HttpError {
  readonly headers: Headers;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor({ url, status, headers }: Answer, detail: string) {
    super("status", url, `Cannot use ${url}: the server answered with status ${status}${detail}`, { status });
    this.headers = headers;
    const seconds = /^\d{1,5}$/.exec(headers.get("retry-after")?.trim() ?? "");
    this.retryAfterMs = seconds ? Number(seconds[0]) * 1000 : undefined;
  }
}

/** The error for a status. It takes the reason from a problem body (RFC 9457), and ends the answer. */
export async function statusError(answer: Answer): Promise<StatusError> {
  const isProblem = /^application\/problem\+json\b/i.test(answer.headers.get("content-type") ?? "");
  let detail = "";
  try {
    if (isProblem) {
      const problem = JSON.parse(new TextDecoder().decode(await answer.bytes(MAX_PROBLEM_LENGTH)));
      if (typeof problem?.detail === "string") detail = `: ${problem.detail}`;
    }
  } catch {
    // The status says enough.
  }
  await answer.cancel();
  return new StatusError(answer, detail);
}
