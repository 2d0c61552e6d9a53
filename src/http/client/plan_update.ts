import type { Basis } from "../../basis/basis_source.ts";
import { NOT_ENCODED } from "./connection.ts";
import { statusError } from "./_status_error.ts";
import { openSession, prepareUpdate, type Session } from "./_prepare.ts";
import type { UpdateOptions } from "./update_options.ts";
import type { UpdatePlan } from "./update_plan.ts";

/** Statuses of a file that is missing or forbidden. Others may concern `HEAD` alone. */
const GONE = new Set([401, 403, 404, 410]);

/**
 * Finds out what an update over HTTP would cost, without fetching the file. It reads as much of the layered signature
 * as it needs, and searches the local file.
 *
 * @param url The file on the server, which in a page may be relative. `FILE.rsig` beside it is its layered signature.
 * @param basis The local file: a Blob, bytes, an open file, or another basis. Undefined if there is none.
 * @param options Headers, timeout, signal and progress.
 * @returns Bytes, requests, and the share that is saved.
 * @throws {HttpError} If the server cannot be reached (`network`, `timeout`).
 * @throws {TypeError} If the URL is invalid or has a password, or an option is of the wrong kind.
 *
 * @example Before a download over a slow line
 * ```ts
 * import { planUpdate } from "rsync-streams/http";
 * import { layeredSigStream } from "rsync-streams/sync";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob(["line\n".repeat(100_000), "the end"]);
 * const target = new Blob(["line\n".repeat(100_000), "another end"]);
 * const sig = await new Response(target.stream().pipeThrough(layeredSigStream())).blob();
 *
 * // Stands for a server.
 * const headers = { "Accept-Ranges": "bytes" };
 * const fetch = async (url: string) => new Response(url.endsWith(".rsig") ? sig : target, { headers });
 * const plan = await planUpdate("https://example.com/file", basis, { fetch });
 *
 * assert.equal(plan.fileLength, target.size);
 * assert.ok(plan.missingLength < 2048);
 * ```
 */
export async function planUpdate(
  url: string | URL,
  basis: Basis | null | undefined,
  options: UpdateOptions = {},
): Promise<UpdatePlan> {
  const session = openSession(url, basis, options);
  const { plan } = await prepareUpdate(session, session.sigUrl);
  return plan.fileLength === undefined ? await withLength(plan, session) : plan;
}

/** Where there is no signature to say it, asks for the length: there may be no file either. */
async function withLength(plan: UpdatePlan, { url, connection }: Session): Promise<UpdatePlan> {
  const answer = await connection.send(url, { method: "HEAD", headers: NOT_ENCODED });
  if (GONE.has(answer.status)) throw await statusError(answer);
  await answer.cancel();
  const { requests, bytesIn } = connection.stats;
  const fileLength = answer.status === 200 ? answer.length : undefined;
  const missingLength = fileLength ?? NaN;
  return { ...plan, fileLength, missingLength, bytesIn: bytesIn + missingLength, requests: requests + 1 };
}
