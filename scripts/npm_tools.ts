/** What the npm package is built and tested with: tools from npm, pinned, in `.cache/npm`, which is not in Git. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Versions of the tools. A newer one is taken on purpose, with its effect on the checks in sight. */
export const TOOLS = {
  "@arethetypeswrong/cli": "0.18.5",
  "@hono/node-server": "2.1.9",
  "@rollup/plugin-node-resolve": "16.0.3",
  "@rspack/core": "2.3.3",
  "@types/cli-progress": "3.11.6",
  "@types/node": "20.19.0",
  "bun": "1.4.5",
  "esbuild": "0.28.2",
  "hono": "4.13.19",
  "jest": "30.5.2",
  "miniflare": "4.20260730.0",
  "parcel": "2.16.4",
  "playwright-core": "1.65.1",
  "preact": "11.2.0",
  "publint": "0.3.25",
  "rolldown": "1.3.2",
  "rollup": "4.68.8",
  "sirv": "3.0.2",
  "terser": "5.51.4",
  "typescript": "7.0.2",
  "vite": "8.3.8",
  "webpack": "5.112.2",
} as const;

/** The name of a tool. */
export type Tool = keyof typeof TOOLS;

/** The checkout. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Where tools, stages and the tarball are. */
export const CACHE = join(ROOT, ".cache/npm");

/** What scripts read of deno.json. */
export interface Manifest {
  name: string;
  version: string;
  license: string;
  exports: Record<string, string>;
  imports: Record<string, string>;
  fmt: { lineWidth: number };
}

/** Reads deno.json. */
export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
}

/** Runs a command to its end and gives what it printed; what it complains of is shown. */
export function run(command: string, args: readonly string[], cwd = ROOT): string {
  try {
    return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    throw new Error(`Cannot run ${command} ${args.join(" ")}:\n${stdout ?? ""}`, { cause: error });
  }
}

/** Installs packages into a folder of their own, unless they are there. `specs` maps names to versions or files. */
export function install(folder: string, specs: Record<string, string>): string {
  mkdirSync(folder, { recursive: true });
  const manifest = join(folder, "package.json");
  const wanted = JSON.stringify({ private: true, type: "module", dependencies: specs }, null, 2);
  const stamp = join(folder, "node_modules/.installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return folder;
  writeFileSync(manifest, wanted);
  run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", "--package-lock=false"], folder);
  writeFileSync(stamp, wanted);
  return folder;
}

/** Installs one tool and gives the folder of its package. Tools do not see each other's dependencies. */
export function tool(name: Tool): string {
  const folder = join(CACHE, "tools", name.replace("/", "-"));
  install(folder, { [name]: TOOLS[name] });
  return join(folder, "node_modules", name);
}

/** The path of a command that a tool brings. */
export function toolCommand(name: Tool, command: string): string {
  return join(tool(name), name.includes("/") ? "../.." : "..", ".bin", command);
}
