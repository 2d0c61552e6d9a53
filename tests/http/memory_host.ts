/** A host of files in memory that gives one range at a time, as a `fetch`. */
import { layeredSigStream, type LayeredSigStreamOptions } from "rsync-streams/sync";
import { source, toBytes } from "../_helpers.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** A request that a host got. */
export interface Asked {
  readonly path: string;
  readonly init: RequestInit;
  readonly headers: Headers;
}

/** Called before each answer. What it returns is the answer, or the body of a good one. */
export type OnAsked = (
  asked: Asked,
  body: Bytes | undefined,
  offset: number,
) => Response | Bytes | void | Promise<Response | Bytes | void>;

/** Makes the `fetch`, and a list of the requests that it gets. */
export function hostOf(files: Record<string, Bytes | undefined>, onAsked: OnAsked = () => {}) {
  const asked: Asked[] = [];
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    init.signal?.throwIfAborted();
    const request = { path: new URL(url).pathname, init, headers: new Headers(init.headers) };
    asked.push(request);
    const file = files[request.path];
    const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get("range") ?? "");
    const [, first, last] = range ?? [];
    const from = !file || !range ? 0 : first ? Number(first) : Math.max(0, file.length - Number(last));
    const to = !file || !range || !first ? Infinity : Number(last || Infinity);
    const body = file?.slice(from, to + 1);
    const changed = await onAsked(request, body, from);
    if (changed instanceof Response) return changed;
    if (!file) return new Response(null, { status: 404 });
    const told = { "content-range": `bytes ${from}-${from + body!.length - 1}/${file.length}` };
    return new Response(changed ?? body, range ? { status: 206, headers: told } : {});
  };
  return { fetch, asked };
}

/** The layered signature of a file. */
export async function publish(file: Bytes, options: LayeredSigStreamOptions = {}): Promise<Bytes> {
  return await toBytes(source(file).pipeThrough(layeredSigStream({ fileLength: file.length, ...options })));
}
