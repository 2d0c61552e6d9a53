/** Uploads for tests of the handler. */
import { deltaStream, type DeltaStreamOptions, loadSigs } from "rsync-streams";
import { makeSig, source, toBytes } from "../_helpers.ts";
import { concat, make, randomBytes } from "../_recipes.ts";
import { send } from "./_store.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export const DELTA = "application/vnd.rsync-streams.delta";
export const OLD = concat([make({ gen: "text", seed: 1, len: 60_000 }), randomBytes(2, 20_000)]);
export const NEW = concat([OLD.subarray(0, 33_333), randomBytes(3, 333), OLD.subarray(34_000)]);

/** A delta from one file to another. */
export async function deltaOf(basis: Bytes, target: Bytes, options: DeltaStreamOptions = {}): Promise<Bytes> {
  const sigs = await loadSigs((await makeSig(basis, { blockLength: 256 })).bytes);
  return await toBytes(source(target).pipeThrough(deltaStream(sigs, options)));
}

export function upload(
  body: BodyInit,
  headers: Record<string, string> = { "If-Match": '"v1"' },
  signal?: AbortSignal,
  path = "/f",
): Request {
  return send("PATCH", path, body, { "Content-Type": DELTA, ...headers }, signal);
}
