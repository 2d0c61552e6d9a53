/** Servers on this machine that count what they hand out: nginx over a folder, and a handler of this library. */
import { fileBasis } from "rsync-streams/files";
import { syncHandler } from "rsync-streams/http";
import { startNginx } from "../../tests/http/nginx.ts";
import type { Traffic } from "./traffic.ts";

/** Traffic, and in how many requests. Bodies count, heads do not; borders between parts of an answer do. */
export interface Counts extends Traffic {
  requests: number;
}

/** A server of one folder. */
export interface CountingServer extends AsyncDisposable {
  readonly url: URL;
  /** What was counted since the last call. */
  takeCounts(): Promise<Counts>;
}

/** nginx over a folder. */
export async function nginxServer(root: string): Promise<CountingServer> {
  const nginx = await startNginx({ root });
  return {
    url: nginx.url,
    takeCounts: async () => {
      const requests = await nginx.takeRequests();
      const down = requests.reduce((sum, { bodyLength }) => sum + bodyLength, 0);
      return { up: 0, down, requests: requests.length };
    },
    [Symbol.asyncDispose]: () => nginx[Symbol.asyncDispose](),
  };
}

/** The handler of this library over one file, at any URL. */
export function handlerServer(path: string): CountingServer {
  const handler = syncHandler({
    open: async () => {
      const basis = await fileBasis(path);
      return { basis, size: basis.size!, entityTag: '"bench"', close: () => basis.close() };
    },
  });
  const counts: Counts = { up: 0, down: 0, requests: 0 };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    counts.requests++;
    const body = request.body?.pipeThrough(counting((length) => counts.up += length)) ?? null;
    const response = await handler(new Request(request, body ? { body } : {}));
    return new Response(response.body?.pipeThrough(counting((length) => counts.down += length)) ?? null, response);
  });
  return {
    url: new URL(`http://127.0.0.1:${server.addr.port}/`),
    takeCounts: () => {
      const taken = { ...counts };
      Object.assign(counts, { up: 0, down: 0, requests: 0 });
      return Promise.resolve(taken);
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function counting(count: (length: number) => void): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  return new TransformStream({
    transform: (chunk, controller) => {
      count(chunk.length);
      controller.enqueue(chunk);
    },
  });
}
