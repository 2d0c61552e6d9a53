/** Tests the packed npm package with bundlers, and with tools that check packages: `deno task test:bundles`. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { builtTarball } from "../scripts/build_npm.ts";
import { install, run, toolCommand, TOOLS } from "../scripts/npm_tools.ts";

const isCI = Boolean(process.env.CI);

/** Makes the tarball and an empty project with it; without a network that is not to be had. */
function setUp(): { tarball: string; project: string } | undefined {
  try {
    const tarball = builtTarball();
    const project = mkdtempSync(join(tmpdir(), "rsync-streams-bundles-"));
    install(project, { "rsync-streams": `file:${tarball}`, "@types/node": TOOLS["@types/node"] });
    for (const name of ["esbuild", "rolldown", "publint", "typescript"] as const) toolCommand(name, name);
    toolCommand("@arethetypeswrong/cli", "attw");
    return { tarball, project };
  } catch (error) {
    if (isCI) throw error;
    console.warn(`SKIPPED tests of the npm package: ${(error as Error).message}`);
    return undefined;
  }
}

const ready = setUp();
const { tarball, project } = ready ?? { tarball: "", project: "" };

function test(name: string, fn: () => void): void {
  Deno.test({ name, ignore: ready === undefined, fn });
}

Deno.test.afterAll(() => {
  if (ready) rmSync(project, { recursive: true });
});

// ---- sizes

/** Apps with one import each, and the most bytes of their bundles, minified and compressed. Raise only on purpose. */
const APPS: Record<string, { code: string; most?: number }> = {
  "sigStream": { code: 'export { sigStream } from "rsync-streams";' },
  "loadSigs": { code: 'export { loadSigs } from "rsync-streams";' },
  "deltaStream": { code: 'export { deltaStream } from "rsync-streams";' },
  "patchStream": { code: 'export { patchStream } from "rsync-streams";', most: 44_000 },
  "decodeDeltaStream": { code: 'export { decodeDeltaStream } from "rsync-streams";' },
  "encodeDeltaStream": { code: 'export { encodeDeltaStream } from "rsync-streams";' },
  "all of .": { code: 'export * from "rsync-streams";', most: 49_000 },
  "./callbacks": { code: 'export * from "rsync-streams/callbacks";' },
  "./sync": { code: 'export * from "rsync-streams/sync";', most: 48_000 },
  "planUpdate": { code: 'export { planUpdate } from "rsync-streams/http";', most: 42_500 },
  "fetchUpdate": { code: 'export { fetchUpdate } from "rsync-streams/http";', most: 49_500 },
  "sendUpdate": { code: 'export { sendUpdate } from "rsync-streams/http";', most: 56_500 },
  "syncHandler": { code: 'export { syncHandler } from "rsync-streams/http";', most: 59_000 },
  "HttpError": { code: 'export { HttpError } from "rsync-streams/http";', most: 400 },
  "./http": { code: 'export * from "rsync-streams/http";', most: 72_500 },
  "./http, in workerd": { code: 'export * from "rsync-streams/http";', most: 55_500 },
  "an import for nothing": {
    code: `import "rsync-streams"; import { sigStream } from "rsync-streams"; import "rsync-streams/callbacks";
      import "rsync-streams/http"; import { fetchUpdate } from "rsync-streams/http"; import "rsync-streams/sync";`,
    most: 40,
  },
  "all of ., in workerd": { code: 'export * from "rsync-streams";', most: 32_500 },
};

const BUNDLERS = {
  esbuild(entry: string, output: string, condition: string[]): void {
    const args = [entry, "--bundle", "--minify", "--format=esm", "--log-level=error", `--outfile=${output}`];
    const flags = condition.length > 0 ? [`--conditions=${condition}`, "--external:*.wasm"] : [];
    run(toolCommand("esbuild", "esbuild"), [...args, ...flags], project);
  },
  rolldown(entry: string, output: string, condition: string[]): void {
    // Only told by a file, and in it the name of a folder is no pattern.
    const config = `export default {
      input: ${JSON.stringify(entry)},
      external: ${condition.length > 0 ? "/\\.wasm$/" : "[]"},
      resolve: { conditionNames: ${JSON.stringify([...condition, "import", "default"])} },
      output: { file: ${JSON.stringify(output)}, format: "esm", minify: true },
      logLevel: "warn",
    };`;
    writeFileSync(join(project, "rolldown.config.js"), config);
    run(toolCommand("rolldown", "rolldown"), ["-c", "rolldown.config.js"], project);
  },
};

/** Bytes of a bundle: minified, and compressed too. */
function sizeOf(name: string, code: string, bundler: keyof typeof BUNDLERS): { minified: number; compressed: number } {
  const entry = join(project, "app.js");
  const output = join(project, `app.${bundler}.out.js`);
  writeFileSync(entry, code);
  BUNDLERS[bundler](entry, output, name.includes("workerd") ? ["workerd"] : []);
  const bytes = readFileSync(output);
  return { minified: bytes.length, compressed: gzipSync(bytes, { level: 9 }).length };
}

test("bundles stay below their ceilings", () => {
  const lines = ["| imported | esbuild: minified | compressed | rolldown: minified | compressed | ceiling |"];
  lines.push("| --- | ---: | ---: | ---: | ---: | ---: |");
  const heavy: string[] = [];
  for (const [name, { code, most = Infinity }] of Object.entries(APPS)) {
    const sizes = (["esbuild", "rolldown"] as const).map((bundler) => sizeOf(name, code, bundler));
    const cells = sizes.flatMap(({ minified, compressed }) => [minified, compressed]);
    lines.push(`| ${[name, ...cells, most === Infinity ? "" : most].join(" | ")} |`);
    if (sizes.some(({ compressed }) => compressed > most)) heavy.push(`${name}: ${cells}, ${most} compressed at most`);
  }
  console.log(lines.join("\n"));
  assert.deepEqual(heavy, []);
});

test("a bundle for workerd imports the kernel as a module and compiles none from bytes", () => {
  for (const bundler of ["esbuild", "rolldown"] as const) {
    sizeOf("workerd", APPS["all of ."]!.code, bundler);
    const bundle = readFileSync(join(project, `app.${bundler}.out.js`), "utf8");
    assert.match(bundle, /from\s*"[^"]*kernel\.wasm"/);
    assert.doesNotMatch(bundle, /new WebAssembly\.Module\(/);
  }
});

test("bundles for browsers import nothing, not even modules of Node", () => {
  // All of it is in the bundle, and what is not would be an import. esbuild fails for `node:` itself.
  for (const name of ["all of .", "./callbacks", "./sync", "./http"]) {
    for (const bundler of ["esbuild", "rolldown"] as const) {
      sizeOf(name, APPS[name]!.code, bundler);
      const bundle = readFileSync(join(project, `app.${bundler}.out.js`), "utf8");
      assert.doesNotMatch(bundle, /\b(from|import|import\(|require\()\s*["'][\w@.:/-]+["']/, `${name}, ${bundler}`);
    }
  }
});

test("a client is bundled without the handler, and the handler without the client", () => {
  const textOf = (names: string) => {
    sizeOf(names, `export { ${names} } from "rsync-streams/http";`, "esbuild");
    return readFileSync(join(project, "app.esbuild.out.js"), "utf8");
  };
  const ofClients = "Cannot send the update";
  const ofHandlers = "application/problem+json";
  for (
    const [names, has, lacks] of [["sendUpdate", ofClients, "Precondition Required"], [
      "syncHandler",
      ofHandlers,
      ofClients,
    ]]
  ) {
    const text = textOf(names!);
    assert.ok(text.includes(has!), `${names} has no ${has}`);
    assert.ok(!text.includes(lacks!), `${names} has ${lacks}`);
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
