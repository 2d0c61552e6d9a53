/** Stands in for the client until there is one: a full download, with the names of the contract. */
import { HttpError } from "rsync-streams/http";
import type { FetchUpdateOptions, Update, UpdatePlan } from "./_client_types.ts";

/** A full download, in one request. */
export async function fetchUpdate(url: string | URL, _basis: unknown, options: FetchUpdateOptions): Promise<Update> {
  const { fetch = globalThis.fetch, timeoutMs = 30_000 } = options;
  const stopping = new AbortController();
  const late = () => stopping.abort(new HttpError("timeout", url, "No byte came"));
  let timer = setTimeout(late, timeoutMs);
  const stats = { bytesIn: 0, bytesOut: 0, bytesSent: 0, requests: 1, retries: 0, isVerified: false };
  try {
    const response = await fetch(url, { cache: "no-store", signal: stopping.signal });
    if (response.status >= 300) {
      await response.body?.cancel();
      throw new HttpError("status", url, `Status ${response.status}`, { status: response.status });
    }
    const pieces: Uint8Array<ArrayBuffer>[] = [];
    for await (const piece of response.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(late, timeoutMs);
      pieces.push(piece);
      stats.bytesIn += piece.length;
    }
    stats.bytesOut = stats.bytesIn;
    return { readable: new Blob(pieces).stream(), plan: await planUpdate(), stats };
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError("network", url, "No answer, or one that broke off", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Plans nothing but a full download. */
// deno-lint-ignore require-await
export async function planUpdate(): Promise<UpdatePlan> {
  return { way: "full", fallback: "no-signature", requests: 1 };
}
