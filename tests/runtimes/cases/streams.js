/** The streams, sources for them, and what comes out. */
import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { concat } from "../../_recipes.ts";
import { assertEqual } from "./asserts.js";

/** Bytes of the longest chunk that a patch gives. */
export const PATCH_CHUNK = 2 ** 20;

/** Options of signatures that are made quickly. */
export const QUICK = { strongSum: "blake3" };

/** A readable that makes its chunks when they are asked for. */
export function sourceOf(chunks) {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
}

/** Bytes in chunks of one length, in buffers of their own. */
export function* cut(bytes, length = bytes.length) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

async function readAll(readable) {
  const reader = readable.getReader();
  const chunks = [];
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
  return chunks;
}

export const toBytes = async (readable) => concat(await readAll(readable));

/** The three streams, each of which has to run on the backend that is expected. */
export class Streams {
  #backend;

  constructor(backend) {
    this.#backend = backend;
  }

  check(pair) {
    assertEqual(pair.backend, this.#backend, "backend");
    return pair;
  }

  async sig(basis, options, length) {
    const pair = this.check(sigStream(options));
    return { bytes: await toBytes(sourceOf(cut(basis, length)).pipeThrough(pair)), stats: pair.stats };
  }

  async sigs(basis, options = {}) {
    const { format, blockLength = 1024 } = options;
    return await loadSigs((await this.sig(basis, options)).bytes, told(format, blockLength));
  }

  async delta(target, sigs, options, length) {
    const pair = this.check(deltaStream(sigs, options));
    return { bytes: await toBytes(sourceOf(cut(target, length)).pipeThrough(pair)), stats: pair.stats };
  }

  async patch(basis, delta, options, length) {
    return await toBytes(sourceOf(cut(delta, length)).pipeThrough(patchStream(basis, options)));
  }
}

/** What has to be told of a format that has no magic. */
export function told(format, blockLength) {
  return format === "luapower" ? { format, blockLength } : {};
}
