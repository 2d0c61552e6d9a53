/** Everything that takes bytes takes them in each shape that a platform has for them. */
import assert from "node:assert/strict";
import { Blob as NodeBlob, Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { ReadableStream as NodeReadableStream } from "node:stream/web";
import { type ByteSource, loadSigs } from "rsync-streams";
import { readFromReadable } from "rsync-streams/callbacks";
import { readChunks, toReadable } from "../src/streams/byte_source.ts";
import { assertBytes, makeSig, toBytes } from "./_helpers.ts";
import { concat, make } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;
// What a caller without types may write.
// deno-lint-ignore no-explicit-any
type Anything = any;

const BASIS = make({ gen: "text", seed: 1, len: 70_000 });
const SIG = (await makeSig(BASIS, { blockLength: 64 })).bytes;
const folder = await mkdtemp(join(tmpdir(), "rsync-streams-sources-"));
const path = join(folder, "sig");
await writeFile(path, SIG);
Deno.test.afterAll(() => rm(folder, { recursive: true }));

function* cut(bytes: Bytes, length = 1000): Generator<Bytes> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

async function* later(bytes: Bytes): AsyncGenerator<Bytes> {
  for (const chunk of cut(bytes)) {
    await Promise.resolve();
    yield chunk;
  }
}

const KINDS: Record<string, (bytes: Bytes) => ByteSource> = {
  "a ReadableStream": (bytes) => ReadableStream.from(cut(bytes)),
  "a ReadableStream of bytes": (bytes) => new Blob([bytes]).stream(),
  "a ReadableStream of buffers": (bytes) => ReadableStream.from(Array.from(cut(bytes), ({ buffer }) => buffer)),
  "a ReadableStream of node:stream/web": (bytes) => NodeReadableStream.from(cut(bytes)),
  "Readable.toWeb()": (bytes) => Readable.toWeb(Readable.from(cut(bytes))),
  "a Response": (bytes) => new Response(bytes),
  "a Response of a stream": (bytes) => new Response(ReadableStream.from(cut(bytes))),
  "a Request": (bytes) => new Request("http://localhost/", { method: "POST", body: bytes }),
  "a Blob": (bytes) => new Blob([bytes]),
  "a File": (bytes) => new File([bytes], "sig"),
  "a Blob of node:buffer": (bytes) => new NodeBlob([bytes]),
  "an ArrayBuffer": ({ buffer }) => buffer,
  "a Uint8Array": (bytes) => bytes,
  "a part of a Uint8Array": (bytes) => concat([Uint8Array.of(1, 2, 3), bytes]).subarray(3),
  "a DataView": ({ buffer }) => new DataView(buffer),
  "a Buffer": (bytes) => Buffer.from(bytes),
  "an array of chunks": (bytes) => [...cut(bytes)],
  "an array of buffers and views": (bytes) => [bytes.slice(0, 9).buffer, new DataView(bytes.slice(9).buffer)],
  "a set of chunks": (bytes) => new Set(cut(bytes)),
  "a generator": (bytes) => cut(bytes),
  "an async generator": (bytes) => later(bytes),
  "an async iterable": (bytes) => ({ [Symbol.asyncIterator]: () => later(bytes) }),
  "a Readable of Node": (bytes) => Readable.from(cut(bytes)),
  "a Readable of Node, piped": (bytes) => Readable.from(cut(bytes)).pipe(new PassThrough()),
  "a body that is a Readable of Node": (bytes) => ({ body: Readable.from(cut(bytes)), bodyUsed: false }),
};

for (const [name, make] of Object.entries(KINDS)) {
  Deno.test(`bytes can come from ${name}`, async () => {
    assert.equal((await loadSigs(make(SIG))).fileLength, BASIS.length);
    assertBytes(await toBytes(toReadable(make(SIG))), SIG, "what toReadable() gives");

    const { read } = readFromReadable(make(SIG));
    const bytes = new Uint8Array(SIG.length + 1);
    let length = 0;
    for (let count = -1; count !== 0; length += count) {
      count = await read(bytes.subarray(length), Math.min(700, bytes.length - length));
    }
    assertBytes(bytes.subarray(0, length), SIG, "what readFromReadable() reads");
  });
}

Deno.test("bytes can come from a file that Node streams", async () => {
  assert.equal((await loadSigs(createReadStream(path))).fileLength, BASIS.length);
});

Deno.test("a socket of which a signature was read to its end can still be answered on", async () => {
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.end(String((await loadSigs(socket)).fileLength));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end(SIG);
    assert.equal(Buffer.concat(await socket.toArray()).toString(), String(BASIS.length));
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

Deno.test("a body of nothing has no bytes", async () => {
  for (const source of [new Response(), new Request("http://localhost/"), [], new Blob(), new ArrayBuffer(0)]) {
    assertBytes(await toBytes(toReadable(source)), new Uint8Array(0), "what toReadable() gives");
    await assert.rejects(loadSigs(source), { name: "RsyncError" });
  }
});

// ---- what is refused

const locked = () => {
  const stream = new Blob([SIG]).stream();
  stream.getReader();
  return stream;
};
const used = new Response(SIG);
await used.bytes();

const REFUSED: [string, () => unknown, RegExp][] = [
  ["nothing", () => undefined, /undefined was given/],
  ["null", () => null, /null was given/],
  ["a number", () => 5, /a number was given/],
  ["a path", () => "/tmp/sig", /a string was given.*fileReadable\(\)/],
  [
    "a file of Node",
    () => ({ createReadStream() {} }),
    /an object of Object was given.*pass on what its createReadStream\(\)/,
  ],
  ["a file of OPFS", () => ({ getFile() {} }), /an object of Object was given.*pass on what its getFile\(\)/],
  ["an object", () => ({}), /an object of Object was given/],
  ["a promise", () => Promise.resolve(new Response(SIG)), /a promise, which nobody awaited/],
  ["a locked stream", locked, /its stream is locked/],
  ["a Response that was read", () => used, /its body was read already/],
  ["an array of numbers", () => [1, 2], /Cannot take the chunk as bytes: a number was seen/],
  ["a stream of strings", () => ReadableStream.from(["text"]), /Cannot take the chunk as bytes: a string was seen/],
  ["a Readable with an encoding", () => Readable.from(["text"]), /Cannot take the chunk as bytes: a string was seen/],
];

for (const [name, make, message] of REFUSED) {
  Deno.test(`a source that is ${name} is refused in words`, async () => {
    await assert.rejects(loadSigs(make() as Anything), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, message);
      return true;
    });
  });
}

// ---- ends that come early

/** A source of each kind that gives one chunk and then waits for ever, and notes how it ended. */
const WAITING: Record<string, (onEnd: (reason?: unknown) => void) => ByteSource> = {
  "a ReadableStream": (onEnd) =>
    new ReadableStream<Bytes>({
      start: (controller) => controller.enqueue(SIG.slice(0, 50)),
      cancel: onEnd,
    }),
  "an async iterable": (onEnd) => ({
    [Symbol.asyncIterator]() {
      let count = 0;
      return {
        next: () => count++ ? new Promise(() => {}) : Promise.resolve({ done: false, value: SIG.slice(0, 50) }),
        return: () => {
          onEnd();
          return Promise.resolve({ done: true, value: undefined });
        },
      };
    },
  }),
  "a Readable of Node": (onEnd) => {
    const readable = new Readable({ read() {} });
    readable.push(SIG.slice(0, 50));
    readable.on("close", () => onEnd());
    return readable;
  },
};

for (const [name, make] of Object.entries(WAITING)) {
  Deno.test(`loadSigs() ends with the reason of its signal, and ends ${name}`, async () => {
    const controller = new AbortController();
    let hear!: (reason: unknown) => void;
    const ended = new Promise((resolve) => hear = resolve);
    const loading = loadSigs(make((reason) => hear(reason)), { signal: controller.signal });
    const reason = { why: "too slow" };
    setTimeout(() => controller.abort(reason), 5);
    await assert.rejects(loading, (error) => error === reason);
    const heard = await ended;
    if (name === "a ReadableStream") assert.equal(heard, reason);
  });
}

Deno.test("loadSigs() with a signal that was aborted before rejects with its reason", async () => {
  const reason = new Error("no more");
  let cancelled: unknown;
  const readable = new ReadableStream<Bytes>({ cancel: (why) => void (cancelled = why) });
  await assert.rejects(loadSigs(readable, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  assert.equal(cancelled, reason);
  assert.equal(readable.locked, false);
  await assert.rejects(loadSigs(SIG, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  await assert.rejects(loadSigs(SIG, { signal: 5 } as Anything), TypeError);
});

Deno.test("loadSigs() of bytes in memory hears of its signal in the middle", async () => {
  const controller = new AbortController();
  const long = concat(Array.from({ length: 30 }, () => new Uint8Array(2 ** 20)));
  let pieces = 0;
  const reading = readChunks(long, () => {
    pieces++;
    const until = performance.now() + 60;
    while (performance.now() < until);
    controller.abort(new Error("enough"));
  }, { signal: controller.signal });
  await assert.rejects(reading, /enough/);
  assert.ok(pieces < 3, `${pieces} pieces were taken`);
});

Deno.test("a source is ended, and let go of, when its bytes are no signature", async () => {
  let returned = 0;
  function* junk(): Generator<Bytes> {
    try {
      for (;;) yield new Uint8Array(100).fill(7);
    } finally {
      returned++;
    }
  }
  await assert.rejects(loadSigs(junk()), { code: "bad-magic" });
  assert.equal(returned, 1);
  const readable = ReadableStream.from(junk());
  await assert.rejects(loadSigs(readable), { code: "bad-magic" });
  assert.equal(readable.locked, false);
  const node = Readable.from(junk());
  await assert.rejects(loadSigs(node), { code: "bad-magic" });
  assert.equal(node.destroyed, true);
});

Deno.test("an error of a source is the error of the load, as the same object", async () => {
  const reason = { why: "the disk failed" };
  async function* failing(): AsyncGenerator<Bytes> {
    yield SIG.slice(0, 100);
    await Promise.resolve();
    throw reason;
  }
  for (const source of [failing(), ReadableStream.from(failing()), Readable.from(failing())]) {
    await assert.rejects(loadSigs(source), (error) => error === reason);
    if (source instanceof ReadableStream) assert.equal(source.locked, false);
  }
});
