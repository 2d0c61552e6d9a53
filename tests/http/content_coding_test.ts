/** Content codings: which there are, with which parameters, and how they flow. */
import assert from "node:assert/strict";
import zlib from "node:zlib";
import { type Coding, decodeStream, encodeStream, supportedCodings } from "../../src/http/protocol/content_coding.ts";
import { assertBytes, source, toBytes } from "../_helpers.ts";
import { make, randomBytes } from "../_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Builtin = { getBuiltinModule(name: string): unknown };

const { process } = globalThis as unknown as { process: Builtin };
const CODINGS: readonly Coding[] = ["br", "zstd", "gzip"];

/** Does work where the runtime has another `node:zlib`. */
async function withZlib<T>(getBuiltinModule: Builtin["getBuiltinModule"], work: () => T | Promise<T>): Promise<T> {
  const { getBuiltinModule: real } = process;
  process.getBuiltinModule = getBuiltinModule;
  try {
    return await work();
  } finally {
    process.getBuiltinModule = real;
  }
}

/** The options that a transform is made with, for a body of a length. */
async function optionsOf(coding: Coding, length: number | undefined): Promise<Record<string, unknown>> {
  let seen: Record<string, unknown> | undefined;
  const noting = Object.fromEntries(
    ["createGzip", "createBrotliCompress", "createZstdCompress"].map((name) => {
      return [name, (options: Record<string, unknown>) => {
        seen = options;
        return (zlib as unknown as Record<string, (options: unknown) => unknown>)[name]!(options);
      }];
    }),
  );
  await withZlib(
    () => ({ ...zlib, ...noting }),
    () => toBytes(encodeStream(source(new Uint8Array(0)), coding, length)),
  );
  return seen!;
}

Deno.test("Brotli takes its time for short bodies, and looks far back in long ones", async () => {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  const cases: [length: number | undefined, quality: number, window: number, hint: number][] = [
    [undefined, 5, 22, 0],
    [0, 11, 22, 0],
    [2 ** 14, 11, 22, 2 ** 14],
    [2 ** 14 + 1, 6, 22, 2 ** 14 + 1],
    [2 ** 22, 6, 22, 2 ** 22],
    [2 ** 22 + 1, 6, 24, 2 ** 22 + 1],
    [2 ** 24, 6, 24, 2 ** 24],
    [2 ** 24 + 1, 5, 24, 2 ** 24 + 1],
    [2 ** 40, 5, 24, 2 ** 30],
  ];
  for (const [length, quality, window, hint] of cases) {
    assert.deepEqual(await optionsOf("br", length), {
      chunkSize: 2 ** 16,
      params: { [BROTLI_PARAM_QUALITY]: quality, [BROTLI_PARAM_LGWIN]: window, [BROTLI_PARAM_SIZE_HINT]: hint },
    }, `${length}`);
  }
});

Deno.test("Zstandard looks 8 MiB back in long bodies, which is what browsers take", async () => {
  const { ZSTD_c_compressionLevel: level, ZSTD_c_windowLog: window } = zlib.constants as Record<string, number>;
  for (const length of [undefined, 0, 2 ** 22, 2 ** 22 + 1, 2 ** 40]) {
    const isLong = length !== undefined && length > 2 ** 22;
    const params = { [level!]: 9, ...isLong && { [window!]: 23 } };
    assert.deepEqual(await optionsOf("zstd", length), { chunkSize: 2 ** 16, params }, `${length}`);
  }
});

Deno.test("gzip is as the system has it", async () => {
  assert.deepEqual(await optionsOf("gzip", 100), { chunkSize: 2 ** 16 });
});

Deno.test("codings are those that the runtime writes and reads, those with the fewest bytes first", async () => {
  assert.deepEqual(supportedCodings(), ["br", "zstd", "gzip"]);
  const { createZstdCompress: _, ...older } = zlib as unknown as Record<string, unknown>;
  assert.deepEqual(await withZlib(() => older, supportedCodings), ["br", "gzip"]);
  const { createZstdDecompress: __, ...other } = zlib as unknown as Record<string, unknown>;
  assert.deepEqual(await withZlib(() => other, supportedCodings), ["br", "gzip"]);
  const { createBrotliCompress: ___, ...bare } = zlib as unknown as Record<string, unknown>;
  assert.deepEqual(await withZlib(() => bare, supportedCodings), ["zstd", "gzip"]);
  const { createBrotliDecompress: ____, ...blind } = zlib as unknown as Record<string, unknown>;
  assert.deepEqual(await withZlib(() => blind, supportedCodings), ["zstd", "gzip"]);
  const refuse = () => {
    throw new Error("no such module");
  };
  for (const none of [() => undefined, refuse]) assert.deepEqual(await withZlib(none, supportedCodings), ["gzip"]);
  const { CompressionStream } = globalThis;
  Reflect.deleteProperty(globalThis, "CompressionStream");
  try {
    assert.deepEqual(await withZlib(() => undefined, supportedCodings), []);
    assert.deepEqual(supportedCodings(), ["br", "zstd", "gzip"]);
  } finally {
    Object.assign(globalThis, { CompressionStream });
  }
});

const TEXT = make({ gen: "text", seed: 3, len: 300_000 });

Deno.test("what was encoded is decoded, however it is cut, and by the programs that have the coding", async () => {
  const decoders = { br: zlib.brotliDecompressSync, zstd: zlib.zstdDecompressSync, gzip: zlib.gunzipSync };
  for (const coding of CODINGS) {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(1), TEXT, randomBytes(4, 300_000)]) {
      for (const chunking of [1 << 20, 70_000, { seed: 5, most: 9000 }]) {
        const encoded = await toBytes(encodeStream(source(bytes, chunking), coding, bytes.length));
        assertBytes(new Uint8Array(decoders[coding](encoded)), bytes, coding);
        assertBytes(await toBytes(decodeStream(source(encoded, chunking), coding)), bytes, coding);
      }
    }
  }
});

Deno.test("where there is no node:zlib, gzip is that of the web platform", async () => {
  await withZlib(() => undefined, async () => {
    const encoded = await toBytes(encodeStream(source(TEXT), "gzip", TEXT.length));
    assertBytes(new Uint8Array(zlib.gunzipSync(encoded)), TEXT);
    assertBytes(await toBytes(decodeStream(source(encoded), "gzip")), TEXT);
  });
});

/** A source of random chunks without end, which counts them. */
function endless() {
  const state = { count: 0, reason: undefined as unknown };
  const readable = new ReadableStream<Bytes>({
    pull: (controller) => controller.enqueue(randomBytes(++state.count, 2 ** 16)),
    cancel: (reason) => void (state.reason = reason),
  }, { highWaterMark: 0 });
  return { state, readable };
}

Deno.test("a body is encoded as it is read, and a cancel reaches its source with its reason", async () => {
  for (const coding of CODINGS) {
    const { state, readable } = endless();
    const reader = encodeStream(readable, coding, undefined).getReader();
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(state.count, 0, `${coding}: before the first read`);
    for (let i = 0; i < 20; i++) assert.ok((await reader.read()).value!.length <= 2 ** 16, coding);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(state.count < 20 + 64, `${coding}: ${state.count} chunks for 20`);
    const reason = new Error("enough");
    await reader.cancel(reason);
    assert.equal(state.reason, reason);
  }
});

Deno.test("no two chunks of an encoded body share a buffer, and none changes", async () => {
  for (const coding of CODINGS) {
    const chunks: Bytes[] = [];
    for await (const chunk of encodeStream(source(randomBytes(6, 400_000)), coding, undefined)) chunks.push(chunk);
    assert.equal(new Set(chunks.map(({ buffer }) => buffer)).size, chunks.length);
    for (const { buffer, byteLength } of chunks) assert.equal(buffer.byteLength, byteLength);
  }
});

Deno.test("a source that fails and bytes that are damaged are errors of the body", async () => {
  const reason = new Error("the disk is broken");
  for (const coding of CODINGS) {
    let count = 0;
    const broken = () =>
      new ReadableStream<Bytes>({
        pull(controller) {
          if (count++ < 3) controller.enqueue(TEXT.slice(0, 1000));
          else throw reason;
        },
      });
    await assert.rejects(toBytes(encodeStream(broken(), coding, undefined)), (error) => error === reason, coding);
    count = 0;
    const { state, readable } = endless();
    await assert.rejects(toBytes(decodeStream(readable, coding)), Error, coding);
    assert.ok(state.reason instanceof Error, coding);
  }
});

Deno.test("what comes behind the end of an encoded body is not waited for, and cancelled", async () => {
  const text = make({ gen: "text", seed: 2, len: 100_000 });
  for (const coding of ["br", "gzip"] as const) {
    const encoded = await toBytes(encodeStream(source(text), coding, text.length));
    const { promise: cancelled, resolve } = Promise.withResolvers<unknown>();
    let at = 0;
    const padded = new ReadableStream<Bytes>({
      pull: (controller) => controller.enqueue(at++ === 0 ? encoded : new Uint8Array(1000)),
      cancel: resolve,
    }, { highWaterMark: 0 });
    assertBytes(await toBytes(decodeStream(padded, coding)), text);
    await cancelled;
  }
});
