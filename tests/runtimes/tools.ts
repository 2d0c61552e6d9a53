/** What runners of JavaScript in other runtimes need: those runtimes, projects with the package, and bundles. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import process from "node:process";
import { CACHE, install, ROOT, run, type Tool, tool, toolCommand, TOOLS } from "../../scripts/npm_tools.ts";

const HERE = join(ROOT, "tests/runtimes");
const CHROMIUMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The Node that runs the drivers of Chromium and workerd. */
export const DRIVER_NODE = "24.21.0";

/** Whether a runtime that is missing is a failure. */
export const isCI = Boolean(process.env.CI);

/** A Node of npm. */
export function nodeBinary(version: string): string {
  const folder = install(join(CACHE, "tools", `node-${version}`), { node: version });
  const binary = join(folder, "node_modules/node/bin/node");
  const seen = run(binary, ["--version"]).trim();
  if (seen !== `v${version}`) throw new Error(`Cannot use Node ${version}: npm brought ${seen}`);
  return binary;
}

/** Where Chromium is. */
export function chromiumBinary(): string {
  const folders = (process.env.PATH ?? "").split(":");
  const found = CHROMIUMS.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
  const binary = process.env.CHROMIUM ?? found;
  if (binary === undefined) throw new Error(`Cannot find ${CHROMIUMS.join(" or ")}: install one or set CHROMIUM`);
  return binary;
}

/** Puts files, of this folder if their paths say no other, beside a tool that they import, and gives where they are. */
export function besideTool(name: "playwright-core" | "miniflare", files: readonly string[]): string {
  const folder = join(tool(name), "../..");
  for (const file of files) copyFileSync(resolve(HERE, file), join(folder, basename(file)));
  return folder;
}

/**
 * An empty project with the tarball, outside of the checkout, so that no deno.json is found above it.
 *
 * @param others Other packages that it has.
 */
export function makeProject(tarball: string, others: readonly Tool[] = []): string {
  const project = mkdtempSync(join(tmpdir(), "rsync-streams-project-"));
  const versions = Object.fromEntries(others.map((name) => [name, TOOLS[name]]));
  install(project, { "rsync-streams": `file:${tarball}`, ...versions });
  return project;
}

/** Bundles with esbuild. */
export function bundle(cwd: string, entry: string, args: readonly string[]): void {
  const common = ["--bundle", "--format=esm", "--target=es2022", "--log-level=warning"];
  run(toolCommand("esbuild", "esbuild"), [entry, ...common, ...args], cwd);
}

/** Bundles a worker as wrangler does, into `worker.js`: with the condition the kernel stays a module of its own. */
export function bundleWorker(project: string, entry: string, folder: string, condition: "workerd" | "worker"): void {
  mkdirSync(folder);
  const conditions = condition === "workerd" ? "workerd,worker" : "worker";
  const outputs = ["--loader:.wasm=copy", "--asset-names=[name]", "--entry-names=worker", `--outdir=${folder}`];
  bundle(project, entry, [`--conditions=${conditions}`, ...outputs]);
  if (existsSync(join(folder, "kernel.wasm")) !== (condition === "workerd")) {
    throw new Error(
      `Cannot test workerd: kernel.wasm is a module of its own with the condition alone, not with ${condition}`,
    );
  }
}

/** Those of all whose names contain a word of the command line; all of them if there is none. Ends if none fits. */
export function chosenByName<T extends { readonly name: string }>(what: string, all: readonly T[]): T[] {
  const words = process.argv.slice(2).map((word) => word.toLowerCase());
  const chosen = all.filter(({ name }) => {
    return words.length === 0 || words.some((word) => name.toLowerCase().includes(word));
  });
  if (chosen.length === 0) {
    console.error(`Cannot find a ${what} for ${words}: there are ${all.map(({ name }) => name).join("; ")}`);
    process.exit(2);
  }
  return chosen;
}
