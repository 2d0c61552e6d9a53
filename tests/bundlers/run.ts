/** Bundles programs with bundlers of npm, each in a process of its own. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { run, tool } from "../../scripts/npm_tools.ts";

/** The bundlers, and the packages that each takes. */
export const BUNDLERS = {
  esbuild: ["esbuild"],
  rolldown: ["rolldown"],
  rollup: ["rollup", "@rollup/plugin-node-resolve", "terser"],
  webpack: ["webpack"],
  rspack: ["@rspack/core"],
  vite: ["vite"],
} as const;

/** The name of a bundler. */
export type Bundler = keyof typeof BUNDLERS;

/** A program to bundle. */
export interface Program {
  name: string;
  code: string;
  /** Conditions of exports, beside those that a bundler for browsers has. With some, WebAssembly stays outside. */
  conditions?: readonly string[] | undefined;
}

/** Bundles programs in the folder of a project, and returns the text of each bundle. */
export function bundlesOf(project: string, bundler: Bundler, programs: readonly Program[]): string[] {
  const jobs = programs.map(({ name, code, conditions = [] }) => {
    const file = name.replace(/\W+/g, "-");
    const entry = join(project, `${file}.app.js`);
    writeFileSync(entry, code);
    return { entry, output: join(project, `${file}.${bundler}.out.js`), conditions };
  });
  const tools = Object.fromEntries(BUNDLERS[bundler].map((name) => [name, tool(name)]));
  const path = join(project, `${bundler}.jobs.json`);
  writeFileSync(path, JSON.stringify({ tools, jobs }));
  run("node", [fileURLToPath(new URL("bundle.js", import.meta.url)), bundler, path], project);
  return jobs.map(({ output }) => readFileSync(output, "utf8"));
}

/** Bytes of a text as a server sends it, compressed. */
export function compressedLength(text: string): number {
  return gzipSync(text, { level: 9 }).length;
}
