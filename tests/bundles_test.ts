/** Tests the packed npm package with bundlers, and with tools that check packages: `deno task test:bundles`. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtTarball } from "../scripts/build_npm.ts";
import { install, run, tool, toolCommand, TOOLS } from "../scripts/npm_tools.ts";
import { type Bundler, BUNDLERS, bundlesOf, compressedLength } from "./bundlers/run.ts";
import { attempt, leaveOut } from "./_attempt.ts";

/** Makes the tarball and an empty project with it; without a network that is not to be had. */
function setUp(): { tarball: string; project: string } {
  const tarball = builtTarball();
  const project = mkdtempSync(join(tmpdir(), "rsync-streams-bundles-"));
  install(project, { "rsync-streams": `file:${tarball}`, "@types/node": TOOLS["@types/node"] });
  const others = ["publint", "typescript", "@arethetypeswrong/cli"] as const;
  for (const name of [...Object.values(BUNDLERS).flat(), ...others]) tool(name);
  return { tarball, project };
}

const ready = attempt("tests of the npm package", setUp);
const { tarball, project } = ready instanceof Error ? { tarball: "", project: "" } : ready;

function test(name: string, fn: () => void): void {
  ready instanceof Error ? leaveOut(name) : Deno.test(name, fn);
}

Deno.test.afterAll(() => {
  if (!(ready instanceof Error)) rmSync(project, { recursive: true });
});

// ---- sizes

/** Apps with one import each, and the most bytes of their bundles, minified and compressed. Raise only on purpose. */
const APPS: Record<string, { code: string; most?: number; conditions?: readonly string[] }> = {
  "patchStream": { code: 'export { patchStream } from "rsync-streams";', most: 10_300 },
  "decodeDeltaStream": { code: 'export { decodeDeltaStream } from "rsync-streams";', most: 6_000 },
  "encodeDeltaStream": { code: 'export { encodeDeltaStream } from "rsync-streams";', most: 5_000 },
  "sigStream": { code: 'export { sigStream } from "rsync-streams";', most: 42_000 },
  "loadSigs": { code: 'export { loadSigs } from "rsync-streams";' },
  "deltaStream": { code: 'export { deltaStream } from "rsync-streams";' },
  "all of .": { code: 'export * from "rsync-streams";', most: 50_800 },
  "./callbacks": { code: 'export * from "rsync-streams/callbacks";' },
  "./sync": { code: 'export * from "rsync-streams/sync";', most: 48_000 },
  "planUpdate": { code: 'export { planUpdate } from "rsync-streams/http";', most: 44_000 },
  "fetchUpdate": { code: 'export { fetchUpdate } from "rsync-streams/http";', most: 49_500 },
  "sendUpdate": { code: 'export { sendUpdate } from "rsync-streams/http";', most: 56_500 },
  "syncHandler": { code: 'export { syncHandler } from "rsync-streams/http";', most: 59_500 },
  "HttpError": { code: 'export { HttpError } from "rsync-streams/http";', most: 400 },
  "./http": { code: 'export * from "rsync-streams/http";', most: 75_000 },
  "./http, in workerd": { code: 'export * from "rsync-streams/http";', most: 58_600, conditions: ["workerd"] },
  "an import for nothing": {
    code: `import "rsync-streams"; import { sigStream } from "rsync-streams"; import "rsync-streams/callbacks";
      import "rsync-streams/http"; import { fetchUpdate } from "rsync-streams/http"; import "rsync-streams/sync";`,
    most: 40,
  },
  "all of ., in workerd": { code: 'export * from "rsync-streams";', most: 35_000, conditions: ["workerd"] },
};

/** Apps that are small in every bundler; the others are bundled by the first two. */
const SMALL_APPS = ["patchStream", "decodeDeltaStream", "encodeDeltaStream", "an import for nothing"];

function bundleOf(name: string, bundler: Bundler): string {
  return bundlesOf(project, bundler, [{ name, ...APPS[name]! }])[0]!;
}

test("bundles stay below their ceilings", () => {
  const sizes = (Object.keys(BUNDLERS) as Bundler[]).map((bundler, i) => {
    const names = i < 2 ? Object.keys(APPS) : SMALL_APPS;
    const bundles = bundlesOf(project, bundler, names.map((name) => ({ name, ...APPS[name]! })));
    return Object.fromEntries(names.map((name, k) => [name, compressedLength(bundles[k]!)]));
  });
  const lines = [`| imported | ${Object.keys(BUNDLERS).join(" | ")} | ceiling |`];
  lines.push(`| --- |${" ---: |".repeat(sizes.length + 1)}`);
  for (const [name, { most = "" }] of Object.entries(APPS)) {
    lines.push(`| ${[name, ...sizes.map((size) => size[name] ?? ""), most].join(" | ")} |`);
  }
  console.log(`Bytes, minified and compressed\n${lines.join("\n")}`);
  for (const [name, { most = Infinity }] of Object.entries(APPS)) {
    for (const [i, bundler] of Object.keys(BUNDLERS).entries()) {
      const size = sizes[i]![name] ?? 0;
      assert.ok(size <= most, `${name} by ${bundler} has ${size} bytes, ${most} at most were expected`);
    }
  }
});

test("a bundle that patches has no WebAssembly and no noble-hashes, and one that signs has both", () => {
  const kernel = /WebAssembly/;
  const noble = /blake/i;
  for (const name of ["patchStream", "decodeDeltaStream", "encodeDeltaStream"]) {
    const bundle = bundleOf(name, "esbuild");
    assert.doesNotMatch(bundle, kernel, name);
    assert.doesNotMatch(bundle, noble, name);
  }
  assert.match(bundleOf("sigStream", "esbuild"), kernel);
  assert.match(bundleOf("sigStream", "esbuild"), noble);
});

test("a bundle for workerd imports the kernel as a module and compiles none from bytes", () => {
  for (const bundler of ["esbuild", "rolldown"] as const) {
    const bundle = bundleOf("all of ., in workerd", bundler);
    assert.match(bundle, /from\s*"[^"]*kernel\.wasm"/);
    assert.doesNotMatch(bundle, /new WebAssembly\.Module\(/);
  }
});

test("bundles for browsers import nothing, not even modules of Node", () => {
  // All of it is in the bundle, and what is not would be an import. esbuild fails for `node:` itself.
  for (const name of ["all of .", "./callbacks", "./sync", "./http"]) {
    for (const bundler of ["esbuild", "rolldown"] as const) {
      const bundle = bundleOf(name, bundler);
      assert.doesNotMatch(bundle, /\b(from|import|import\(|require\()\s*["'][\w@.:/-]+["']/, `${name}, ${bundler}`);
    }
  }
});

test("a client is bundled without the handler, and the handler without the client", () => {
  const ofClients = "Cannot send the update";
  const ofHandlers = "application/problem+json";
  for (
    const [name, has, lacks] of [["sendUpdate", ofClients, "Precondition Required"], [
      "syncHandler",
      ofHandlers,
      ofClients,
    ]]
  ) {
    const text = bundleOf(name!, "esbuild");
    assert.ok(text.includes(has!), `${name} has no ${has}`);
    assert.ok(!text.includes(lacks!), `${name} has ${lacks}`);
  }
});

// ---- imports do nothing

/** Counts what of WebAssembly is called, and by what; prints it after imports and after a first use. */
const WATCH = `
const calls = [];
for (const name of [
  "Module", "Instance", "Memory", "compile", "instantiate", "compileStreaming", "instantiateStreaming",
]) {
  const original = WebAssembly[name];
  WebAssembly[name] = new Proxy(original, {
    apply: (target, self, args) => (calls.push(name), Reflect.apply(target, self, args)),
    construct: (target, args) => (calls.push(name), Reflect.construct(target, args)),
  });
}
const decode = globalThis.atob;
globalThis.atob = (text) => (calls.push("atob"), decode(text));
await import("rsync-streams/callbacks");
await import("rsync-streams/files");
await import("rsync-streams/sync");
await import("rsync-streams/http");
await import("rsync-streams/kernel-bytes");
await import("rsync-streams/cli");
const { sigStream } = await import("rsync-streams");
const imported = [...calls];
const { backend } = sigStream();
console.log(JSON.stringify({ imported, used: calls, backend }));
`;

test("importing decodes and compiles nothing, and the first stream does", () => {
  writeFileSync(join(project, "watch.js"), WATCH);
  const { imported, used, backend } = JSON.parse(run("node", ["watch.js"], project));
  assert.deepEqual(imported, []);
  assert.deepEqual(used.slice(0, 2), ["atob", "Module"]);
  assert.equal(backend, "wasm");
});

test("where WebAssembly is taken away, imports work and streams are portable", () => {
  const code = `delete globalThis.WebAssembly;
const { sigStream } = await import("rsync-streams");
console.log(sigStream().backend);`;
  writeFileSync(join(project, "without.js"), code);
  assert.equal(run("node", ["without.js"], project).trim(), "portable");
});

// ---- what others find

test("publint finds nothing", () => {
  run(toolCommand("publint", "publint"), ["run", "--strict", "--level=suggestion", tarball], project);
});

test("attw finds nothing", () => {
  run(toolCommand("@arethetypeswrong/cli", "attw"), ["--profile", "esm-only", tarball], project);
});

const CONSUMER = `
import { deltaStream, loadSigs, patchStream, RsyncError, type SigStats, sigStream, useWasmModule } from "rsync-streams";
import { Rsync } from "rsync-streams/callbacks";
import { runCli } from "rsync-streams/cli";
import { atomicWritable, fileBasis } from "rsync-streams/files";
import { fetchUpdate, HttpError, sendUpdate, syncHandler, type SyncHandler, type UpdatePlan } from "rsync-streams/http";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { LayeredSig, layeredSigStream, planSync, type SyncPlan } from "rsync-streams/sync";
import kernel from "rsync-streams/kernel.wasm";

export async function sync(path: string, target: Blob): Promise<SigStats> {
  useWasmModule(kernel);
  useWasmModule(await WebAssembly.compile(kernelBytes()));
  const pair = sigStream({ blockLength: 2048, onProgress: ({ sigCount }) => sigCount.toFixed() });
  const sigs = await loadSigs(target.stream().pipeThrough(pair));
  const basis = await fileBasis(path);
  await target.stream().pipeThrough(deltaStream(sigs)).pipeThrough(patchStream(basis)).pipeTo(atomicWritable(path));
  // @ts-expect-error There is no such option.
  sigStream({ blockSize: 1 });
  // @ts-expect-error There is no such code.
  new RsyncError("no-such-code", "");
  return pair.stats;
}

export async function update(url: URL, basis: Blob): Promise<UpdatePlan> {
  const { plan, readable, stats } = await fetchUpdate(url, basis, { headers: { Authorization: "x" }, timeoutMs: 5000 });
  const { status } = await sendUpdate(url, await new Response(readable).blob());
  // @ts-expect-error There is no such status.
  if (status === "replaced") throw new HttpError("status", url, stats.digest ?? "");
  return plan;
}

export async function plan(target: Blob, basis: Blob): Promise<SyncPlan> {
  const readable = target.stream().pipeThrough(layeredSigStream({ fileLength: target.size }));
  return await planSync(await LayeredSig.open(await new Response(readable).blob()), basis);
}

export const handler: SyncHandler = syncHandler({
  open: ({ pathname }) => pathname === "/" ? { basis: new Blob(["x"]), size: 1, entityTag: '"1"' } : undefined,
  commit: (_url, readable) => readable.pipeTo(new WritableStream()),
});
export { Rsync, runCli };
`;

for (const module of ["nodenext", "preserve"]) {
  test(`declarations are good for TypeScript with module "${module}", libraries checked`, () => {
    writeFileSync(join(project, "consumer.ts"), CONSUMER);
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      target: "es2022",
      module,
      moduleResolution: module === "preserve" ? "bundler" : module,
      lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
      types: ["node"],
    };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    run(toolCommand("typescript", "tsc"), ["-p", project], project);
  });
}
