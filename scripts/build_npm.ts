/**
 * Builds the npm package in `npm/` and packs it.
 *
 *     deno task build:npm            builds, checks and packs
 *     deno task build:npm --if-old   only if a source is newer than the tarball
 *
 * Modules stay separate, as they are in the sources, so that bundlers drop what is not imported. TypeScript compiles
 * them to JavaScript, which reads like its sources, so there are no source maps, and to declarations. Under the
 * condition `workerd` the entries come from a bundle, in which WebAssembly is imported as modules, since workerd
 * compiles no WebAssembly from bytes. The command is one file, so that the library does not depend on what only the
 * command uses.
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { absoluteLinks, PUBLISHED_PAGES } from "./absolute_links.ts";
import { buildMan } from "./build_man.ts";
import { COMMAND, writeCommand } from "./_npm_command.ts";
import {
  CLI,
  compile,
  COMPILED,
  entriesOf,
  type Entry,
  NPM,
  Packages,
  sources,
  specifiersOf,
  stage,
  takeModules,
  walk,
} from "./_npm_modules.ts";
import { CACHE, type Manifest, readManifest, ROOT, run, toolCommand } from "./npm_tools.ts";

const NAME = "rsync-streams";
const DESCRIPTION =
  "The rsync algorithm as Web Streams: signature, delta and patch, verified, and updates over HTTP, " +
  "for Deno, Node, Bun, browsers and edge runtimes";
const KEYWORDS = "rsync delta diff patch sync signature rdiff librsync streams web-streams wasm simd deno bun workers";
const OLDEST_NODE = "20";
const KERNEL = "src/kernel/wasm/_generated/kernel.wasm";
/** WebAssembly as files, and the modules that compile their bytes, which only import them for workerd. */
const WASM_FILES = [
  { file: KERNEL, loader: "src/kernel/wasm/kernel_module.js", load: "kernelModule" },
  { file: "src/digest/_generated/sha256.wasm", loader: "src/digest/sha256_module.js", load: "sha256Module" },
];
/** Copied as they are. */
const DOCUMENTS = ["README.md", "LICENSE", "CHANGELOG.md"];

/** Where the tarball of this version is. */
export function tarballPath(): string {
  return join(CACHE, `${NAME}-${readManifest().version}.tgz`);
}

/** Entries that only processes of the user's own need. */
const NOT_IN_WORKERD = ["./cli", "./kernel-bytes"];

/** Bundles the entries for workerd, with shared chunks, so that a class is the same from each. */
function bundleForWorkerd(entries: Entry[]): string[] {
  const included = entries.filter(({ key }) => !NOT_IN_WORKERD.includes(key));
  const copy = join(CACHE, "workerd");
  rmSync(copy, { recursive: true, force: true });
  cpSync(NPM, copy, { recursive: true });
  const used = wasmFiles();
  for (const { file, loader, load } of used) {
    const code = `import module from "../${file}";\nexport function ${load}() {\n  return module;\n}\n`;
    writeFileSync(join(copy, loader), code);
  }
  run(toolCommand("esbuild", "esbuild"), [
    ...included.map(({ key, js }) => `${outputName(key)}=${join(copy, js)}`),
    ...["--bundle", "--splitting", "--format=esm", "--target=es2022", "--minify", "--chunk-names=shared-[hash]"],
    ...["--packages=external", "--external:node:*", "--external:*.wasm", "--log-level=warning"],
    `--outdir=${join(NPM, "workerd")}`,
  ]);
  const text = [...walk(join(NPM, "workerd"))].map((path) => readFileSync(join(NPM, "workerd", path), "utf8")).join(
    "\n",
  );
  const missing = used.filter(({ file }) => !text.includes(`"../${file}"`));
  if (missing.length > 0 || text.includes("new WebAssembly.Module(")) {
    throw new Error("Cannot build the package: the bundle for workerd does not import its WebAssembly");
  }
  return included.map(({ key }) => key);
}

/** The WebAssembly of the package: that whose loader an entry imports. */
function wasmFiles(): typeof WASM_FILES {
  return WASM_FILES.filter(({ loader }) => existsSync(join(NPM, loader)));
}

/** `.` is mod, `./files` is files. */
function outputName(key: string): string {
  return key === "." ? "mod" : key.replace("./", "");
}

/** The packages that modules of the package import, with their ranges. */
function dependenciesOf(packages: Packages): Record<string, string> {
  const modules = [...walk(NPM)].filter((path) => /\.(js|d\.ts)$/.test(path) && path !== COMMAND);
  const specifiers = modules.flatMap((path) => specifiersOf(join(NPM, path)));
  const isUsed = (name: string) => specifiers.some((specifier) => `${specifier}/`.startsWith(`${name}/`));
  return Object.fromEntries(Object.entries(packages.ranges).filter(([name]) => isUsed(name)));
}

/** Where the sources are: only the release workflow knows it. Provenance is checked against the repository. */
function links(): Record<string, unknown> {
  const repository = process.env.GITHUB_REPOSITORY;
  if (!repository) return {};
  const url = `${process.env.GITHUB_SERVER_URL ?? "https://github.com"}/${repository}`;
  return { homepage: `${url}#readme`, bugs: `${url}/issues`, repository: { type: "git", url: `git+${url}.git` } };
}

/** Whom the licence names. */
function author(): string {
  const found = /^Copyright \(c\) [\d-]+ (.+)$/m.exec(readFileSync(join(ROOT, "LICENSE"), "utf8"))?.[1];
  if (!found) throw new Error("Cannot build the package: LICENSE names no holder of the copyright");
  return found;
}

/** What was built beside modules. */
interface Built {
  dependencies: Record<string, string>;
  /** The path of the command. */
  program: string;
  /** The entries that workerd has of its own. */
  inWorkerd: string[];
}

function manifestOf(manifest: Manifest, entries: Entry[], built: Built): unknown {
  const { dependencies, program, inWorkerd } = built;
  const exports = Object.fromEntries(entries.map(({ key, js, dts }) => [key, {
    types: `./${dts}`,
    ...(inWorkerd.includes(key) && { workerd: `./workerd/${outputName(key)}.js` }),
    default: `./${key === CLI ? COMMAND : js}`,
  }]));
  return {
    name: NAME,
    version: manifest.version,
    description: DESCRIPTION,
    keywords: KEYWORDS.split(" "),
    license: manifest.license,
    author: author(),
    ...links(),
    type: "module",
    // For tools that do not read `exports`: Parcel, unless it is told to.
    main: `./${entries[0]!.js}`,
    types: `./${entries[0]!.dts}`,
    sideEffects: false,
    engines: { node: `>=${OLDEST_NODE}` },
    bin: { [NAME]: program },
    man: relative(NPM, buildMan(join(NPM, "man"))),
    exports: {
      ...exports,
      "./kernel.wasm": { types: `./${KERNEL}.d.ts`, default: `./${KERNEL}` },
      "./package.json": "./package.json",
    },
    dependencies,
  };
}

/** What a bundler or workerd gives for an import of the kernel. */
const KERNEL_TYPES = `import type { WasmModule } from "../../../common/platform_types.js";

/** The kernel as a module, for \`useWasmModule\`, where the runtime or bundler imports WebAssembly as modules. */
declare const module: WasmModule;
export default module;
`;

/** Everything that is imported has to be there. */
function checkSpecifiers(dependencies: Record<string, string>): void {
  const wrong: string[] = [];
  for (const path of walk(NPM)) {
    if (!/\.(js|d\.ts)$/.test(path) || path === COMMAND) continue;
    for (const specifier of specifiersOf(join(NPM, path))) {
      const isThere = specifier.startsWith(".")
        ? isFile(join(NPM, dirname(path), specifier), path.endsWith(".d.ts"))
        : specifier.startsWith("node:") ||
          Object.keys(dependencies).some((name) => `${specifier}/`.startsWith(`${name}/`));
      if (!isThere) wrong.push(`${path}: ${specifier}`);
    }
  }
  if (wrong.length > 0) throw new Error(`Cannot build the package: imports that lead nowhere:\n${wrong.join("\n")}`);
}

function isFile(path: string, isDeclaration: boolean): boolean {
  return existsSync(isDeclaration ? path.replace(/\.js$/, ".d.ts") : path);
}

/** A document of the package. Where the repository is known, its links lead there: the package has no other page. */
function published(document: string, version: string): string {
  const text = readFileSync(join(ROOT, document), "utf8");
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (!GITHUB_REPOSITORY || !PUBLISHED_PAGES.includes(document)) return text;
  return absoluteLinks(text, `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`, `v${version}`);
}

/** Builds and packs, and gives the path of the tarball. */
export function buildNpm(): string {
  const manifest = readManifest();
  const entries = entriesOf(manifest);
  const packages = new Packages(manifest.imports);
  rmSync(NPM, { recursive: true, force: true });
  stage(packages);
  compile(entries);
  takeModules(entries);
  for (const { file } of wasmFiles()) {
    mkdirSync(dirname(join(NPM, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(NPM, file));
  }
  writeFileSync(join(NPM, `${KERNEL}.d.ts`), KERNEL_TYPES);
  const inWorkerd = bundleForWorkerd(entries);
  for (const document of DOCUMENTS) writeFileSync(join(NPM, document), published(document, manifest.version));
  const dependencies = dependenciesOf(packages);
  const program = writeCommand(COMPILED, NPM);
  const packageJson = manifestOf(manifest, entries, { dependencies, program, inWorkerd });
  writeFileSync(join(NPM, "package.json"), JSON.stringify(packageJson, null, 2) + "\n");
  checkSpecifiers(dependencies);
  const [packed] = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--loglevel=error", "--pack-destination", CACHE], NPM),
  );
  console.log(
    `${
      relative(ROOT, tarballPath())
    }: ${packed.files.length} files, ${packed.size} bytes, ${packed.unpackedSize} unpacked`,
  );
  return tarballPath();
}

/** The tarball, built if a source is newer than it. */
export function builtTarball(): string {
  const tarball = tarballPath();
  if (!existsSync(tarball)) return buildNpm();
  const made = statSync(tarball).mtimeMs;
  const inputs = [
    ...sources(),
    ...DOCUMENTS,
    ...WASM_FILES.map(({ file }) => file),
    "deno.json",
    "scripts/build_man.ts",
    "scripts/_npm_command.ts",
    "scripts/_npm_modules.ts",
    "scripts/build_npm.ts",
    "scripts/npm_tools.ts",
  ];
  return inputs.some((path) => statSync(join(ROOT, path)).mtimeMs > made) ? buildNpm() : tarball;
}

if (import.meta.main) {
  if (process.argv.includes("--if-old")) builtTarball();
  else buildNpm();
}
