/**
 * Tests pages whose content security policy refuses WebAssembly, in Chromium, with the packed package:
 * `deno task test:examples`.
 */
import assert from "node:assert/strict";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { builtTarball } from "../scripts/build_npm.ts";
import { ROOT, run } from "../scripts/npm_tools.ts";
import { besideTool, chromiumBinary, DRIVER_NODE, isCI, makeProject, nodeBinary } from "./runtimes/tools.ts";

/** Makes a project with the package, and finds Chromium. */
function setUp(): { open: (name: string) => unknown; project: string } | undefined {
  try {
    const browser = chromiumBinary();
    const node = nodeBinary(DRIVER_NODE);
    const driver = besideTool("playwright-core", ["csp_page.js", "chromium.js"]);
    const project = makeProject(builtTarball());
    for (const file of ["csp_work.js", "csp_worker.js"]) {
      copyFileSync(join(ROOT, "tests/runtimes", file), join(project, file));
    }
    return { project, open: (name) => JSON.parse(run(node, ["csp_page.js", browser, project, name], driver)) };
  } catch (error) {
    if (isCI) throw error;
    console.warn(`SKIPPED tests of content security policies: ${(error as Error).message}`);
    return undefined;
  }
}

const ready = setUp();

function test(name: string, fn: (open: (name: string) => unknown) => void): void {
  Deno.test({ name, ignore: ready === undefined, fn: () => fn(ready!.open) });
}

Deno.test.afterAll(() => {
  if (ready) rmSync(ready.project, { recursive: true });
});

test("where the portable backend is asked for, a page with a strict policy reports no violation", (open) => {
  assert.deepEqual(open("portable"), { result: Array(4).fill("portable"), violations: [] });
});

test("where nothing is asked for, it works, and the browser reports that WebAssembly was tried once", (open) => {
  assert.deepEqual(open("unasked"), { result: Array(3).fill("portable"), violations: ["wasm-eval"] });
});

test("a module that a worker compiled and posted runs in such a page, and no violation is reported", (open) => {
  assert.deepEqual(open("posted"), { result: Array(4).fill("wasm"), violations: [] });
});

test("where WebAssembly is asked for and refused, the error says so and has the browser's as its cause", (open) => {
  const message = 'Cannot use backend: "wasm" was given, and this runtime refuses WebAssembly';
  const result = { name: "RsyncError", code: "unsupported", message, cause: "CompileError" };
  assert.deepEqual(open("refused"), { result, violations: ["wasm-eval"] });
});
