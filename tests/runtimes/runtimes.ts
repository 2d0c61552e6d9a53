/** The runtimes that the cases run in, and how each of them comes to run on either backend. */
import { join } from "node:path";
import { ROOT, run, toolCommand } from "../../scripts/npm_tools.ts";
import { besideTool, bundleWorker, chromiumBinary, DRIVER_NODE, nodeBinary } from "./tools.ts";

/** Length of the long file. */
export const MIB = 64;
export const BACKENDS = ["wasm", "portable"] as const;

export type Backend = typeof BACKENDS[number];

export interface Runtime {
  name: string;
  /** What is tested: the npm package or the sources. */
  from: "npm" | "source";
  /** Whether it is left out unless the command line names it. */
  onlyByName?: boolean;
  /** Makes it ready, and gives the command that prints the result; throws if it cannot be had. */
  prepare(project: string): Command;
  /** How it comes to run the portable backend. */
  portable: string;
  /** Defects that it is known for. If one is gone, its name here is too. */
  defects?: readonly string[];
}

export type Command = (backend: Backend) => { command: string; args: string[]; cwd: string };

/** Versions that a command prints of itself. */
export const versions = new Map<Runtime, string>();

/** A runtime that runs run.js in the project. */
function node(version: string, defects?: readonly string[]): Runtime {
  return {
    name: `Node ${version}`,
    from: "npm",
    portable: "refused by the test",
    ...(defects && { defects }),
    prepare(project) {
      const command = nodeBinary(version);
      return (backend) => ({ command, args: ["run.js", backend, `${MIB}`], cwd: project });
    },
  };
}

function deno(from: "npm" | "source"): Runtime {
  return {
    name: "Deno",
    from,
    portable: "refused by the test",
    prepare(project) {
      versions.set(this, Deno.version.deno);
      const [cwd, file] = from === "npm" ? [project, "run.js"] : [ROOT, "tests/runtimes/run.js"];
      const flags = from === "npm" ? ["--node-modules-dir=manual", "--no-lock"] : ["--frozen"];
      return (backend) => ({ command: Deno.execPath(), args: ["run", "-A", ...flags, file, backend, `${MIB}`], cwd });
    },
  };
}

const bun: Runtime = {
  name: "Bun",
  from: "npm",
  portable: "refused by the test",
  prepare(project) {
    const command = toolCommand("bun", "bun");
    versions.set(bun, run(command, ["--version"]).trim());
    return (backend) => ({ command, args: ["run.js", backend, `${MIB}`], cwd: project });
  },
};

const chromium: Runtime = {
  name: "Chromium",
  from: "npm",
  portable: "refused by a content security policy",
  prepare(project) {
    const browser = chromiumBinary();
    const driver = besideTool("playwright-core", ["browser.js", "chromium.js"]);
    const command = nodeBinary(DRIVER_NODE);
    return (backend) => ({
      command,
      args: ["browser.js", backend, `${MIB}`, project, "chromium", browser],
      cwd: driver,
    });
  },
};

/** A browser that Playwright has installed: `npx playwright-core install firefox`. */
function playwrightBrowser(name: string): Runtime {
  return {
    name,
    from: "npm",
    onlyByName: true,
    portable: "refused by a content security policy",
    prepare(project) {
      const driver = besideTool("playwright-core", ["browser.js", "chromium.js"]);
      const command = nodeBinary(DRIVER_NODE);
      const args = (backend: Backend) => ["browser.js", backend, `${MIB}`, project, name.toLowerCase()];
      return (backend) => ({ command, args: args(backend), cwd: driver });
    },
  };
}

const workerd: Runtime = {
  name: "workerd",
  from: "npm",
  portable: "without the condition `workerd`",
  prepare(project) {
    const driver = besideTool("miniflare", ["workerd.js"]);
    const command = nodeBinary(DRIVER_NODE);
    bundleWorker(project, "worker.js", join(project, "wasm"), "workerd");
    bundleWorker(project, "worker.js", join(project, "portable"), "worker");
    return (backend) => ({ command, args: ["workerd.js", backend, `${MIB}`, join(project, backend)], cwd: driver });
  },
};

const NATIVE_ABORT = "native TransformStream loses the reason of an abort under backpressure";
export const FROM_BYTES = "compiles no WebAssembly from bytes";

export const RUNTIMES: readonly Runtime[] = [
  node("20.0.0", ["no ReadableStream.from()", "no Symbol.asyncDispose"]),
  // "controller[kState].transformAlgorithm is not a function" is what a source gets to see instead.
  node("20.20.2", [NATIVE_ABORT]),
  node("22.23.3"),
  node(DRIVER_NODE),
  node("26.10.0"),
  bun,
  deno("npm"),
  deno("source"),
  chromium,
  playwrightBrowser("Firefox"),
  playwrightBrowser("WebKit"),
  { ...workerd, defects: [FROM_BYTES] },
];

export function nameOf(runtime: Runtime): string {
  const version = versions.get(runtime);
  return `${runtime.name}${version ? ` ${version}` : ""}${runtime.from === "source" ? ", from source" : ""}`;
}
