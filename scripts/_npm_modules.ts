/** The modules of the npm package: the sources, compiled one by one. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CACHE, install, type Manifest, ROOT, run, toolCommand, TOOLS } from "./npm_tools.ts";

/** The entry that comes from the bundle of the command. */
export const CLI = "./cli";

/** The package. */
export const NPM = join(ROOT, "npm");
const STAGE = join(CACHE, "stage");
/** Where the compiler writes, below the packages that are installed for it. */
export const COMPILED = join(STAGE, "compiled");

/** An entry point: its name and its source. */
export interface Entry {
  key: string;
  source: string;
  js: string;
  dts: string;
}

/** The entry points of deno.json. */
export function entriesOf(manifest: Manifest): Entry[] {
  return Object.entries(manifest.exports).map(([key, path]) => {
    const source = path.replace("./", "");
    return { key, source, js: source.replace(/\.ts$/, ".js"), dts: source.replace(/\.ts$/, ".d.ts") };
  });
}

/** All files below a folder, relative to it. */
export function* walk(folder: string, below = ""): Generator<string> {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) yield* walk(folder, path);
    else yield path;
  }
}

/** The library's own modules. */
export function sources(): string[] {
  const modules = [...walk(join(ROOT, "src"))].filter((path) => path.endsWith(".ts"));
  return ["mod.ts", ...modules.map((path) => `src/${path}`)];
}

/** Specifiers of imports and exports, static and dynamic, in code that a formatter or a compiler wrote. */
const SPECIFIER = /(\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"'\n]+)\2/g;

/** Blanks out comments, so that examples in them count for nothing. Positions stay. */
function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, (comment) => " ".repeat(comment.length))
    .replace(/^\s*\/\/.*$/gm, (comment) => " ".repeat(comment.length));
}

/** Replaces specifiers outside of comments. */
function mapSpecifiers(code: string, map: (specifier: string) => string): string {
  let out = "";
  let from = 0;
  for (const match of withoutComments(code).matchAll(SPECIFIER)) {
    const at = match.index + match[1]!.length + 1;
    out += code.slice(from, at) + map(match[3]!);
    from = at + match[3]!.length;
  }
  return out + code.slice(from);
}

/** Which packages the sources name, by way of the import map of deno.json. */
export class Packages {
  /** Their ranges. */
  readonly ranges: Record<string, string> = {};
  readonly #imports: Record<string, string>;

  constructor(imports: Record<string, string>) {
    this.#imports = imports;
  }

  /** What a specifier is called without the import map. */
  plain(specifier: string): string {
    if (/^(\.|node:)/.test(specifier)) return specifier;
    // As import maps are read: the longest key wins, and only one that ends in a slash is a prefix.
    const keys = Object.keys(this.#imports).sort((a, b) => b.length - a.length);
    const key = keys.find((one) => one === specifier || one.endsWith("/") && specifier.startsWith(one));
    const target = key === undefined ? specifier : this.#imports[key]! + specifier.slice(key.length);
    const npm = /^npm:\/?((?:@[^/@]+\/)?[^/@]+)@([^/]+)(\/.*)?$/.exec(target);
    if (!npm) throw new Error(`Cannot build the package: ${specifier} is ${target}, which is no package of npm`);
    const [, name, range, path = ""] = npm;
    this.ranges[name!] = range!;
    return name + path;
  }
}

/** What the types of the oldest Node do not have, and the sources ask for. */
const RUNTIME_TYPES = `interface ImportMeta {
  /** Undefined in Node 20. */
  readonly main?: boolean;
}

declare module "zlib" {
  /** Since Node 22.15 and 23.8; undefined before. */
  const createZstdCompress: (options?: BrotliOptions) => Gzip;
  const createZstdDecompress: (options?: BrotliOptions) => Gunzip;
  namespace constants {
    const ZSTD_c_checksumFlag: number;
  }
}
`;

/** Copies the sources with their specifiers in plain. */
export function stage(packages: Packages): void {
  rmSync(STAGE, { recursive: true, force: true });
  for (const path of sources()) {
    const code = mapSpecifiers(readFileSync(join(ROOT, path), "utf8"), (specifier) => packages.plain(specifier));
    mkdirSync(dirname(join(STAGE, path)), { recursive: true });
    writeFileSync(join(STAGE, path), code);
  }
  const types = Object.keys(packages.ranges).map((name) => `@types/${name}` as keyof typeof TOOLS)
    .filter((name) => name in TOOLS).concat("@types/node");
  install(STAGE, { ...packages.ranges, ...Object.fromEntries(types.map((name) => [name, TOOLS[name]])) });
  writeFileSync(join(STAGE, "runtime.d.ts"), RUNTIME_TYPES);
}

/** Compiles the stage as any other user of TypeScript would, with the types of the oldest Node. */
export function compile(entries: Entry[]): void {
  const compilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noImplicitOverride: true,
    target: "es2022",
    module: "nodenext",
    lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
    types: ["node"],
    skipLibCheck: true,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    newLine: "lf",
    rootDir: ".",
    outDir: COMPILED,
  };
  writeFileSync(
    join(STAGE, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: ["runtime.d.ts", ...entries.map(({ source }) => source)] }, null, 2),
  );
  // Editors show the comments of declarations; in modules they would be a third of the package.
  run(toolCommand("typescript", "tsc"), ["-p", STAGE, "--declaration", "false", "--removeComments"]);
  run(toolCommand("typescript", "tsc"), ["-p", STAGE, "--emitDeclarationOnly"]);
}

/** Takes what the entries reach of what the compiler made. */
export function takeModules(entries: Entry[]): void {
  const taken = new Set<string>();
  const take = (path: string) => {
    if (taken.has(path)) return;
    taken.add(path);
    const isDeclaration = path.endsWith(".d.ts");
    const code = readFileSync(join(COMPILED, path), "utf8");
    // The compiler renames what JavaScript imports, and not what declarations do.
    const rename = (specifier: string) => specifier.startsWith(".") ? specifier.replace(/\.ts$/, ".js") : specifier;
    mkdirSync(dirname(join(NPM, path)), { recursive: true });
    writeFileSync(join(NPM, path), isDeclaration ? mapSpecifiers(code, rename) : code);
    for (const specifier of specifiersOf(join(NPM, path))) {
      if (!specifier.startsWith(".")) continue;
      const target = join(dirname(path), specifier);
      take(isDeclaration ? target.replace(/\.js$/, ".d.ts") : target);
    }
  };
  for (const { key, js, dts } of entries) {
    take(dts);
    if (key !== CLI) take(js);
  }
}

/** What a module imports, its types included. */
export function specifiersOf(file: string): string[] {
  return [...withoutComments(readFileSync(file, "utf8")).matchAll(SPECIFIER)].map((match) => match[3]!);
}
