/** Starts hosts: on `Deno.serve`, or on bare connections where a `Response` cannot express what the host does. */
import type { Behaviour, Host } from "./host.ts";
import { MAX_LIFE_MS, RequestLog } from "./host.ts";
import { serveRaw } from "./serve_raw.ts";

/** Statuses whose answers have no body. */
const WITHOUT_BODY = [204, 304];

/** Starts a host on loopback. */
export async function serve(behaviour: Behaviour): Promise<Host> {
  return behaviour.isRaw ? await serveRaw(behaviour) : serveResponses(behaviour);
}

function serveResponses(behaviour: Behaviour): Host {
  const log = new RequestLog();
  const ending = new AbortController();
  const options = { hostname: "127.0.0.1", port: 0, signal: ending.signal, onListen: () => {} };
  const server = Deno.serve(options, async (request) => {
    const { method, url, headers } = request;
    const { pathname, search } = new URL(url);
    const [answer, logged] = await log.answer(
      behaviour,
      { method, path: pathname + search, headers },
      await request.bytes(),
    );
    const { status, body, isChunked } = answer;
    const hasBody = method !== "HEAD" && !WITHOUT_BODY.includes(status);
    if (hasBody) logged.bodyLength = body.length;
    const length: Record<string, string> = isChunked ? {} : { "content-length": String(body.length) };
    return new Response(hasBody ? (isChunked ? new Blob([body]).stream() : body) : null, {
      status,
      headers: { ...(hasBody || method === "HEAD" ? length : {}), ...answer.headers },
    });
  });
  const life = setTimeout(() => ending.abort(), MAX_LIFE_MS);
  return {
    url: new URL(`http://127.0.0.1:${server.addr.port}/`),
    log,
    [Symbol.asyncDispose]: async () => {
      clearTimeout(life);
      ending.abort();
      await server.finished;
    },
  };
}
