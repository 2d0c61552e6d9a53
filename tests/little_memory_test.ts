/** What happens where there is little memory: runtimes that refuse some, and blocks that need much. */
import assert from "node:assert/strict";
import { deltaStream, loadSigs, patchStream, RsyncError, type Signature, sigStream } from "rsync-streams";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { DONE, type Stage } from "../src/engine/stage.ts";
import { formats } from "../src/formats/mod.ts";
import { defaultKernel } from "../src/kernel/mod.ts";
import { PortableKernel } from "../src/kernel/portable/kernel.ts";
import { WasmKernel } from "../src/kernel/wasm/kernel.ts";
import { loadSignature } from "../src/stages/loader.ts";
import { createDeltaStage } from "../src/stages/matcher.ts";
import { createSigStage } from "../src/stages/signer.ts";
import { assertBytes, makeSig, SALT } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MIB = 2 ** 20;
const kernel = defaultKernel();
const codec = formats["rsync-streams"];

/** A test of the backend of WebAssembly. */
function test(name: string, run: (kernel: WasmKernel) => Promise<void>): void {
  Deno.test(name, () => {
    assert.ok(kernel instanceof WasmKernel, "this runtime refuses WebAssembly");
    return run(kernel);
  });
}

/** A kernel in a runtime that has no second memory, or lets none grow. */
async function inNeed(refused: "second memory" | "growth", run: (kernel: WasmKernel) => Promise<void>): Promise<void> {
  const { Memory } = WebAssembly;
  let grown = 0;
  class Short extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      if (this !== kernelMemory && refused === "second memory" && kernelMemory) throw new RangeError("no memory");
      kernelMemory ??= this;
    }
    override grow(delta: number): number {
      // The first growth makes the places of fixed length.
      if (refused === "growth" && grown++ > 0) throw new RangeError("no growth");
      return super.grow(delta);
    }
  }
  let kernelMemory: WebAssembly.Memory | undefined;
  WebAssembly.Memory = Short;
  try {
    await run(new WasmKernel(new WebAssembly.Module(kernelBytes())));
  } finally {
    WebAssembly.Memory = Memory;
  }
}

async function runStage(stage: Stage<Bytes, Bytes>, bytes: Bytes): Promise<Bytes> {
  const parts: Bytes[] = [];
  const input = [bytes];
  for (let item = await stage.next(); item !== DONE; item = await stage.next()) {
    if (item instanceof Uint8Array) parts.push(item);
    if (item !== undefined) continue;
    const chunk = input.pop();
    if (chunk) stage.write(chunk);
    else stage.end();
  }
  stage.release();
  return concat(parts);
}

async function sigsBy(kernel: WasmKernel, basis: Bytes, blockLength: number): Promise<Signature> {
  const sums = { weakSum: "rabinkarp", strongSum: "blake3", strongLength: 32, blockLength, salt: SALT } as const;
  const sig = await runStage(createSigStage(codec, { ...sums, hasDigest: true }, kernel), basis);
  return await loadSignature(sig, { format: codec.name, header: undefined, maxInputLength: Infinity, kernel });
}

async function deltaBy(sigs: Signature, target: Bytes): Promise<Bytes> {
  return await runStage(createDeltaStage(sigs, codec, { digest: true, memLength: undefined }), target);
}

for (const refused of ["second memory", "growth"] as const) {
  test(`a runtime that refuses ${refused} makes the same deltas`, async (whole) => {
    const basis = randomBytes(5, 6 * MIB);
    const target = concat([basis.subarray(5000), randomBytes(6, 70_000), basis.subarray(0, 5000)]);
    await inNeed(refused, async (kernel) => {
      // Few short blocks, many short blocks, few long blocks.
      for (const [blockLength, backend] of [[4096, "wasm"], [64, "portable"], [2 * MIB, "wasm"]] as const) {
        const sigs = await sigsBy(kernel, basis, blockLength);
        assert.equal(sigs.backend, refused === "growth" ? backend : "wasm", `blocks of ${blockLength}`);
        if (refused === "growth" && blockLength > MIB) {
          await assert.rejects(
            deltaBy(sigs, target),
            (error) => error instanceof RsyncError && error.code === "limit",
          );
        } else {
          const expected = await deltaBy(await sigsBy(whole, basis, blockLength), target);
          assertBytes(await deltaBy(sigs, target), expected, `blocks of ${blockLength}`);
        }
      }
    });
  });
}

Deno.test("loadSigs() says that there is no memory for an index, by an error with code limit", async () => {
  const { bytes } = await makeSig(randomBytes(8, MIB), { blockLength: 64 });
  const { Uint32Array } = globalThis;
  class Short extends Uint32Array {
    constructor(length: number) {
      if (length > 10_000) throw new RangeError("Array buffer allocation failed");
      super(length);
    }
  }
  globalThis.Uint32Array = Short as Uint32ArrayConstructor;
  try {
    const parts = { format: codec.name, header: undefined, maxInputLength: Infinity, kernel: new PortableKernel() };
    await assert.rejects(
      loadSignature(bytes, parts),
      (error) => error instanceof RsyncError && error.code === "limit" && error.cause instanceof RangeError,
    );
  } finally {
    globalThis.Uint32Array = Uint32Array;
  }
});

test("blocks of more than 64 MiB are signed by WebAssembly and searched by the portable backend", async () => {
  const blockLength = 64 * MIB + 1;
  const basis = new Uint8Array(blockLength + 5000);
  for (let at = 0; at < basis.length; at += 65_537) basis[at] = at / 65_537;
  const sig = sigStream({ blockLength });
  assert.equal(sig.backend, "wasm");
  const sigs = await loadSigs(ReadableStream.from([basis]).pipeThrough(sig));
  assert.deepEqual([sigs.sigCount, sigs.backend], [2, "portable"]);
  const delta = deltaStream(sigs);
  assert.equal(delta.backend, "portable");
  const target = concat([randomBytes(7, 1000), basis]);
  let length = 0;
  const patched = ReadableStream.from([target]).pipeThrough(delta).pipeThrough(patchStream(basis));
  for await (const chunk of patched) length += chunk.length;
  assert.equal(length, target.length);
  assert.equal(delta.stats.copiedBytes, basis.length);
});
