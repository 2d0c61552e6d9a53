/** The ways to update a file over HTTP, each between a server and a client on this machine, counted on the wire. */
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { fetchUpdate, type SyncHandler, syncHandler } from "rsync-streams/http";
import { patchStream, sigStream } from "rsync-streams";

type Bytes = Uint8Array<ArrayBuffer>;

/** What to update. */
export interface Job {
  basis: string;
  target: string;
  /** Where the updated file goes. */
  result: string;
  onProgress?: ((bytesOut: number) => void) | undefined;
}

/** What crossed the wire. */
export interface Traffic {
  /** Bytes of the bodies of requests, and of answers. Heads are not counted. */
  up: number;
  down: number;
  requests: number;
  seconds: number;
}

/** A way to update a file. */
export interface Way {
  name: string;
  /** What the server can do. */
  serve(handler: SyncHandler): SyncHandler;
  /** What the client does. */
  update(url: string, job: Job): Promise<void>;
}

export const WAYS: readonly Way[] = [
  { name: "Static host", serve: asStaticHost, update: updateByPlan },
  { name: "Handler", serve: (handler) => handler, update: updateByPlan },
  { name: "Classic delta", serve: (handler) => handler, update: updateByDelta },
];

/** Starts a server with the target, updates the basis from it, and stops the server. */
export async function measure(way: Way, job: Job): Promise<Traffic> {
  let failure: unknown;
  const handler = way.serve(syncHandler({
    open: async () => {
      const basis = await fileBasis(job.target);
      return { basis, size: basis.size ?? 0, entityTag: '"demo"', close: () => basis.close() };
    },
    onError: (error) => failure ??= error,
  }));
  const traffic = { up: 0, down: 0, requests: 0, seconds: 0 };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    traffic.requests++;
    const body = request.body?.pipeThrough(counting((length) => traffic.up += length));
    const answer = await handler(new Request(request, body ? { body } : {}));
    return new Response(answer.body?.pipeThrough(counting((length) => traffic.down += length)), answer);
  });
  const url = `http://127.0.0.1:${server.addr.port}/target`;
  try {
    // A server makes the signature once for each version, not for each client.
    await (await fetch(`${url}.rsig`, { method: "HEAD" })).body?.cancel();
    Object.assign(traffic, { up: 0, down: 0, requests: 0 });
    const start = performance.now();
    await way.update(url, job);
    return { ...traffic, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    // The client does not learn why the server failed.
    throw failure ?? error;
  } finally {
    await server.shutdown();
  }
}

/** What `publish` and any host of files do: ranges of the file and of its signature. */
function asStaticHost(handler: SyncHandler): SyncHandler {
  return async (request) => {
    const answer = await handler(request);
    answer.headers.delete("Accept-Query");
    return answer;
  };
}

async function updateByPlan(url: string, { basis, result, onProgress }: Job): Promise<void> {
  await using local = await fileBasis(basis);
  const { readable } = await fetchUpdate(url, local, { onProgress: ({ bytesOut }) => onProgress?.(bytesOut) });
  await readable.pipeTo(atomicWritable(result));
}

/** The client sends the signature of its file, the server answers with the delta. */
async function updateByDelta(url: string, { basis, result, onProgress }: Job): Promise<void> {
  await using local = await fileBasis(basis);
  const sig = await new Response(fileReadable(basis).pipeThrough(sigStream({ fileLength: local.size }))).blob();
  const headers = { "Content-Type": "application/vnd.rsync-streams.sig" };
  const answer = await fetch(url, { method: "POST", headers, body: sig });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}: ${await answer.text()}`);
  const patch = patchStream(local, { onProgress: ({ bytesOut }) => onProgress?.(bytesOut) });
  await answer.body!.pipeThrough(patch).pipeTo(atomicWritable(result));
}

function counting(count: (length: number) => void): TransformStream<Bytes, Bytes> {
  return new TransformStream({
    transform(chunk, controller) {
      count(chunk.length);
      controller.enqueue(chunk);
    },
  });
}
