/**
 * What byte streams with BYOB reads would change: 256 MiB in chunks of 64 KiB from a stream and its reader, nothing
 * else. The best of five rounds, interleaved.
 *
 *     node bench/byte_streams.js        or bun, or deno run
 */
import process from "node:process";

const COUNT = 4096;
const LENGTH = 65_536;
const BYTES = new Uint8Array(LENGTH).fill(7);

function chunkStream() {
  let count = 0;
  return new ReadableStream({
    pull: (controller) => count++ < COUNT ? controller.enqueue(BYTES.slice()) : controller.close(),
  }, { highWaterMark: 0 });
}

function byteStream() {
  let count = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const { byobRequest } = controller;
      if (count++ === COUNT) {
        controller.close();
        byobRequest?.respond(0);
      } else if (byobRequest) {
        byobRequest.view.set(BYTES);
        byobRequest.respond(LENGTH);
      } else controller.enqueue(BYTES.slice());
    },
  }, { highWaterMark: 0 });
}

/** Reads as pipes do. */
async function readChunks(stream) {
  const reader = stream.getReader();
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return length;
    length += value.length;
  }
}

async function readInto(stream) {
  const reader = stream.getReader({ mode: "byob" });
  let length = 0;
  for (let buffer = new ArrayBuffer(LENGTH);;) {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done) return length;
    length += value.length;
    buffer = value.buffer;
  }
}

const JOBS = {
  "chunks": () => readChunks(chunkStream()),
  "bytes, read as chunks": () => readChunks(byteStream()),
  "bytes, BYOB reads": () => readInto(byteStream()),
};

const bestMs = {};
for (let round = 0; round < 5; round++) {
  for (const [name, job] of Object.entries(JOBS)) {
    const start = performance.now();
    if (await job() !== COUNT * LENGTH) throw new Error(`${name}: another length came`);
    bestMs[name] = Math.min(bestMs[name] ?? Infinity, performance.now() - start);
  }
}
const { bun, deno, node } = process.versions;
const runtime = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
const speeds = Object.entries(bestMs).map(([name, ms]) => `${name}: ${Math.round(COUNT * LENGTH / 1000 / ms)} MB/s`);
console.log(`${runtime}: ${speeds.join("; ")}`);
