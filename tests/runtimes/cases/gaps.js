/** What a runtime lacks. */

/** A native transform stream, stalled, in a pipe that an AbortSignal ends: what source and sink get to see. */
async function abortedNativePipe() {
  const seen = {};
  const reason = { why: "aborted" };
  const controller = new AbortController();
  let count = 0;
  const source = new ReadableStream({
    pull: (one) => count++ < 20 ? one.enqueue("x") : undefined,
    cancel: (why) => void (seen.cancel = why),
  });
  const sink = new WritableStream({ write: () => new Promise((resolve) => setTimeout(resolve, 30)) });
  const piped = source.pipeThrough(new TransformStream()).pipeTo(sink, { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 10);
  await piped.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  return seen.cancel === reason;
}

/** Defects and gaps of the runtime that the library gets along with, by name. */
export async function findGaps() {
  const gaps = [];
  if (!await abortedNativePipe()) gaps.push("native TransformStream loses the reason of an abort under backpressure");
  if (!ReadableStream.from) gaps.push("no ReadableStream.from()");
  if (!ReadableStream.prototype[Symbol.asyncIterator]) gaps.push("readables cannot be iterated");
  if (!Symbol.asyncDispose) gaps.push("no Symbol.asyncDispose");
  try {
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  } catch {
    gaps.push("compiles no WebAssembly from bytes");
  }
  return gaps;
}
