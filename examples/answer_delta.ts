/** What the servers for Deno, Bun and Cloudflare have in common: from a request to a response. */
import { loadSigs, RsyncError, type Signature } from "rsync-streams";

/**
 * Answers a signature with a delta.
 *
 * @param request A POST request whose body is a signature.
 * @param makeDelta Makes the delta for that signature.
 * @param maxSigLength The longest signature to accept, in bytes.
 */
export async function answerDelta(
  request: Request,
  makeDelta: (sigs: Signature) => ReadableStream<Uint8Array<ArrayBuffer>>,
  maxSigLength = 2 ** 26,
): Promise<Response> {
  if (request.method !== "POST" || !request.body) return new Response("POST a signature\n", { status: 405 });
  try {
    const sigs = await loadSigs(request.body, { maxInputLength: maxSigLength });
    return new Response(makeDelta(sigs));
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    return new Response(`${error.message}\n`, { status: 400 });
  }
}
