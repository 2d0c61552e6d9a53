/** The kernel from a module that was compiled elsewhere, in a process that refuses to compile. */
import assert from "node:assert/strict";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { RsyncError, sigStream, useWasmModule } from "rsync-streams";
import { checkBackend } from "../src/kernel/mod.ts";
import { createDigest } from "../src/stages/digest.ts";
import { hex } from "./_helpers.ts";

const compiled = new WebAssembly.Module(kernelBytes());
const other = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
const refusal = new WebAssembly.CompileError("refused by the test");
const EMPTY_SUM = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

let asked = 0;
WebAssembly.Module = class {
  constructor() {
    asked++;
    throw refusal;
  }
} as unknown as typeof WebAssembly.Module;
// A runtime without node:crypto, whose digests are WebAssembly's if it may be compiled.
Object.defineProperty(globalThis, "process", { value: undefined });

/** How often a digest asks to compile, which it does at its first use. */
async function asksOfDigest(): Promise<number> {
  const before = asked;
  const { createSha256 } = await import(new URL(`../src/digest/mod.ts?${crypto.randomUUID()}`, import.meta.url).href);
  assert.equal(hex(createSha256().digest()), EMPTY_SUM);
  return asked - before;
}

// One after another: what was refused, and what was brought, is remembered.
Deno.test("a backend is checked without compiling anything, unless it is the one to compile", () => {
  checkBackend(undefined);
  checkBackend("portable");
  assert.equal(asked, 0);
  const refused = (error: unknown) => error instanceof RsyncError && error.code === "unsupported";
  assert.throws(() => checkBackend("wasm"), refused);
  assert.equal(asked, 1);
});

Deno.test("a refusal is remembered, is the cause of the error, and leaves the portable backend", () => {
  for (let i = 0; i < 3; i++) {
    assert.equal(sigStream().backend, "portable");
    assert.throws(() => sigStream({ backend: "wasm" }), (error) => {
      assert.ok(error instanceof RsyncError && error.code === "unsupported");
      assert.equal(error.cause, refusal);
      return true;
    });
  }
  assert.equal(asked, 1);
});

Deno.test("a digest beside the portable backend compiles nothing, and one beside another asks once", () => {
  for (const [backend, times] of [["portable", 0], [undefined, 1], ["wasm", 0], ["portable", 0]] as const) {
    const before = asked;
    assert.equal(hex(createDigest(backend).digest()), EMPTY_SUM);
    assert.equal(asked - before, times);
  }
});

Deno.test("a digest asks to compile, until a module was brought", async () => {
  assert.equal(await asksOfDigest(), 1);
  assert.throws(() => useWasmModule(other), WebAssembly.LinkError);
  assert.equal(sigStream().backend, "portable");
  assert.equal(await asksOfDigest(), 1);
});

Deno.test("useWasmModule() runs the kernel from the module, and nothing is compiled afterwards", async () => {
  const before = asked;
  useWasmModule(compiled);
  for (const backend of [undefined, "wasm"] as const) assert.equal(sigStream({ backend }).backend, "wasm");
  assert.equal(sigStream({ backend: "portable" }).backend, "portable");
  assert.equal(await asksOfDigest(), 0);
  assert.equal(asked, before);
});
