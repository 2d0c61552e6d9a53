/**
 * The command of the npm package: one file with all that it uses, and the licences of that. The long texts that become
 * WebAssembly are the exception: it imports the modules of the library that have them.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run, toolCommand } from "./npm_tools.ts";

/** The command, and the program that starts it, in the package. */
export const COMMAND = "cli/rsync-streams.js";
const PROGRAM = "bin/rsync-streams.js";
const LICENCES = "cli/LICENSES.txt";
/** The modules that have WebAssembly as text. */
const WASM_TEXTS = ["src/kernel/wasm/_generated/kernel_bytes.js", "src/digest/_generated/sha256_bytes.js"];

/**
 * Bundles the command.
 *
 * @param stage The folder of the compiled modules; what they import from npm is installed above it.
 * @param target The folder of the package.
 * @returns The path of the program in the package.
 */
export function writeCommand(stage: string, target: string): string {
  const entry = join(stage, "command.js");
  writeFileSync(entry, 'export * from "./src/cli/mod.js";\nexport { runProgram } from "./src/cli/program.js";\n');
  const meta = join(stage, "command.json");
  // The compiled modules lie as they do in the package, so what the bundle imports is where it will be.
  const bundle = join(stage, COMMAND);
  // Packages of CommonJS call `require`, which modules do not have.
  const require = 'import { createRequire as __createRequire } from "node:module"; ' +
    "const require = __createRequire(import.meta.url);";
  run(toolCommand("esbuild", "esbuild"), [
    ...[entry, "--bundle", "--minify", "--format=esm", "--platform=node", "--target=node20", "--legal-comments=none"],
    ...[`--banner:js=${require}`, `--metafile=${meta}`, `--outfile=${bundle}`, "--log-level=warning"],
    ...WASM_TEXTS.map((path) => `--external:${join(stage, path)}`),
  ], stage);
  mkdirSync(join(target, dirname(COMMAND)), { recursive: true });
  copyFileSync(bundle, join(target, COMMAND));
  writeFileSync(join(target, LICENCES), licencesOf(stage, Object.keys(JSON.parse(readFileSync(meta, "utf8")).inputs)));
  mkdirSync(join(target, dirname(PROGRAM)), { recursive: true });
  const code = `import { runProgram } from "../${COMMAND}";\n\nawait runProgram();\n`;
  writeFileSync(join(target, PROGRAM), `#!/usr/bin/env node\n${code}`);
  chmodSync(join(target, PROGRAM), 0o755);
  return PROGRAM;
}

/** The licences of the packages that files of a bundle are from. */
function licencesOf(folder: string, inputs: readonly string[]): string {
  const packages = new Set<string>();
  for (const input of inputs) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (found) packages.add(join(folder, found));
  }
  const texts = [...packages].sort().map((path) => {
    const { name, version, license } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    const file = readdirSync(path).find((name) => /^licen[cs]e/i.test(name));
    if (!file) throw new Error(`Cannot build the package: ${name} has no file with its licence`);
    return `${name} ${version} (${license})\n\n${readFileSync(join(path, file), "utf8").trim()}\n`;
  });
  if (texts.length === 0 || !existsSync(folder)) throw new Error("Cannot build the package: no licences were found");
  const head = `The command (${COMMAND}) has in it, beside rsync-streams itself, these packages:\n`;
  return [head, ...texts].join(`\n${"-".repeat(80)}\n\n`);
}
