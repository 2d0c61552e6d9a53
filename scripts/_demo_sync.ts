/** The main job of the library, over HTTP on this machine: the server has the target, the client the basis. */
import {
  type DeltaStats,
  deltaStream,
  type PatchStats,
  patchStream,
  type Signature,
  type SigStats,
  sigStream,
} from "rsync-streams";
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { answerDelta } from "../examples/answer_delta.ts";

/** What to sync. */
export interface SyncJob {
  basis: string;
  target: string;
  /** Where the updated file goes. */
  result: string;
  blockLength: number | undefined;
  /** Called with the progress through the basis. */
  onSig?: (stats: Readonly<SigStats>) => void;
  /** Called with the progress through the target. */
  onPatch?: (stats: Readonly<PatchStats>) => void;
}

/** What it took. */
export interface SyncReport {
  /** Bytes of the bodies of request and response. */
  bytesUp: number;
  bytesDown: number;
  seconds: number;
  delta: Readonly<DeltaStats>;
  blockLength: number;
  backend: string;
}

/** The server's part of the report. */
type ServerReport = Pick<SyncReport, "delta" | "blockLength" | "backend">;

/** Starts a server with the target, updates the basis from it, and stops the server. */
export async function syncOverHttp(job: SyncJob): Promise<SyncReport> {
  let report: ServerReport | undefined;
  let failure: unknown;
  const stop = new AbortController();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    signal: stop.signal,
    onListen: () => {},
    onError: (error) => {
      failure = error;
      return new Response("Failed", { status: 500 });
    },
  }, async (request) => {
    const makeDelta = (sigs: Signature) => {
      const delta = deltaStream(sigs);
      report = { delta: delta.stats, blockLength: sigs.blockLength, backend: delta.backend };
      return fileReadable(job.target).pipeThrough(delta);
    };
    return await answerDelta(request, makeDelta, Infinity);
  });
  try {
    const start = performance.now();
    const bytes = await update(`http://127.0.0.1:${server.addr.port}/delta`, job);
    return { ...bytes, seconds: (performance.now() - start) / 1000, ...report! };
  } catch (error) {
    // The client does not learn why the server failed.
    throw failure ?? error;
  } finally {
    stop.abort();
    await server.finished;
  }
}

/** The client: sends the signature of the basis while it is made, and patches with the delta that comes back. */
async function update(url: string, job: SyncJob): Promise<{ bytesUp: number; bytesDown: number }> {
  const { blockLength, onSig, onPatch } = job;
  const { size } = await Deno.stat(job.basis);
  const [up, down] = [counter(), counter()];
  const sig = fileReadable(job.basis).pipeThrough(sigStream({ fileLength: size, blockLength, onProgress: onSig }))
    .pipeThrough(up);
  const response = await fetch(url, { method: "POST", body: sig, duplex: "half" } as RequestInit);
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`The server answered with ${response.status} ${response.statusText}`);
  }
  await using basis = await fileBasis(job.basis);
  await response.body.pipeThrough(down)
    .pipeThrough(patchStream(basis, { onProgress: onPatch }))
    .pipeTo(atomicWritable(job.result));
  return { bytesUp: up.length(), bytesDown: down.length() };
}

/** Makes an identity transform that counts bytes. */
function counter() {
  let length = 0;
  const transform = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      length += chunk.length;
      controller.enqueue(chunk);
    },
  });
  return { readable: transform.readable, writable: transform.writable, length: () => length };
}
