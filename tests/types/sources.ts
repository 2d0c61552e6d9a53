/** Sources and bases that every runtime has: `ReadableStream`, `Response`, `Request`, `Blob`, bytes and iterables. */
import { type Basis, type ByteSource, deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { readFromReadable } from "rsync-streams/callbacks";
import { fetchUpdate } from "rsync-streams/http";

const bytes = new Uint8Array(1000);

async function* chunks(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** Each kind of source. */
export async function sources(request: Request, blob: Blob): Promise<ByteSource[]> {
  const response = await fetch(request.url);
  await loadSigs(response);
  await loadSigs(response.body!);
  await loadSigs(request);
  await loadSigs(blob);
  await loadSigs(blob.stream());
  await loadSigs(chunks());
  await loadSigs(new Set([bytes]));
  await loadSigs(new DataView(bytes.buffer));
  // @ts-expect-error It has to be awaited.
  await loadSigs(fetch(request.url));
  // @ts-expect-error A path is no source.
  await loadSigs("/tmp/sig");
  // @ts-expect-error Numbers are no chunks.
  await loadSigs([1, 2, 3]);
  const { read } = readFromReadable(response);
  await read(bytes, 10);
  return [response, request, blob, blob.stream(), bytes, bytes.buffer, [bytes], chunks()];
}

/** Pipes of the platform's own streams. */
export async function pipes(response: Response, blob: Blob): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const sigs = await loadSigs(response.body!.pipeThrough(sigStream()));
  const delta = blob.stream().pipeThrough(deltaStream(sigs));
  return delta.pipeThrough(patchStream(blob)).pipeThrough(sigStream());
}

/** Each kind of basis. */
export async function bases(blob: Blob): Promise<Basis[]> {
  const { readable } = await fetchUpdate("http://localhost/", blob);
  await loadSigs(readable);
  // @ts-expect-error A path is no basis.
  patchStream("/tmp/basis");
  // @ts-expect-error A body is read once, and not at random.
  patchStream(new Response());
  return [blob, bytes, bytes.buffer, new DataView(bytes.buffer)];
}
