/**
 * Builds the page in examples/playground, with the packed library and three pairs of real files, into static files.
 *
 *     deno task playground          builds
 *     deno task playground:serve    builds and serves on this machine
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import process from "node:process";
import { fileReadable } from "rsync-streams/files";
import { layeredSigStream } from "rsync-streams/sync";
import { builtTarball } from "./build_npm.ts";
import { install, ROOT, run, TOOLS } from "./npm_tools.ts";
import { packageTar } from "./package_tar.ts";

const SOURCES = join(ROOT, "examples/playground");
const CACHE = join(ROOT, ".cache/playground");
const SITE = join(CACHE, "site");

/** Where the static files are. */
export const PLAYGROUND = join(CACHE, "dist");

/** Two releases of a package, and what can be seen in them. */
interface Recipe {
  pack: string;
  basis: string;
  target: string;
  note: string;
  /** As package.json says. */
  licence: string;
}

const RECIPES: readonly Recipe[] = [
  {
    pack: "lodash",
    basis: "4.17.20",
    target: "4.17.21",
    note: "A release with few changes: layers are at their best.",
    licence: "MIT",
  },
  {
    pack: "mdn-data",
    basis: "2.12.2",
    target: "2.14.0",
    note: "Many small edits in tables.",
    licence: "CC0-1.0",
  },
  {
    pack: "caniuse-lite",
    basis: "1.0.30001690",
    target: "1.0.30001700",
    note: "Nearly every line changed: there is little to save.",
    licence: "CC-BY-4.0",
  },
];

/** Builds, and returns the folder. */
export async function buildPlayground(): Promise<string> {
  rmSync(SITE, { recursive: true, force: true });
  cpSync(SOURCES, SITE, { recursive: true });
  installPackages();
  await makePairs(join(SITE, "public/pairs"));
  writeFileSync(join(SITE, "public/licences.txt"), bundledLicences());
  for (const project of [SITE, join(SITE, "src/worker")]) run(command("tsc"), ["-p", project]);
  run(command("vite"), ["build", "--outDir", PLAYGROUND, "--emptyOutDir", "--logLevel", "warn"], SITE);
  return PLAYGROUND;
}

/** Installs what the page imports. The name of the copy changes with its bytes, so that npm takes it anew. */
function installPackages(): void {
  const tarball = builtTarball();
  const sum = createHash("sha256").update(readFileSync(tarball)).digest("hex").slice(0, 16);
  const copy = join(CACHE, `rsync-streams-${sum}.tgz`);
  mkdirSync(CACHE, { recursive: true });
  copyFileSync(tarball, copy);
  const { preact, typescript, vite } = TOOLS;
  install(CACHE, { "rsync-streams": `file:${copy}`, preact, typescript, vite });
}

function command(name: string): string {
  return join(CACHE, "node_modules/.bin", name);
}

/** The licences of the code in the page: of the library, of what it depends on, and of Preact. */
function bundledLicences(): string {
  const modules = join(CACHE, "node_modules");
  const { dependencies } = JSON.parse(readFileSync(join(modules, "rsync-streams/package.json"), "utf8"));
  const names = ["rsync-streams", ...Object.keys(dependencies), "preact"];
  return names.map((name) => `${name}\n\n${readFileSync(join(modules, name, "LICENSE"), "utf8")}`).join("\n\n");
}

/** Writes the pairs, their licences, the published signatures of the targets, and a list. */
async function makePairs(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const pairs: unknown[] = [];
  for (const recipe of RECIPES) pairs.push(await makePair(folder, recipe));
  writeFileSync(join(folder, "pairs.json"), JSON.stringify(pairs));
}

async function makePair(folder: string, { pack, basis, target, note, licence }: Recipe): Promise<unknown> {
  const [basisTar, targetTar] = [await packageTar(pack, basis), await packageTar(pack, target)];
  for (const tar of [basisTar, targetTar]) copyFileSync(tar, join(folder, basename(tar)));
  await publish(join(folder, basename(targetTar)));
  const licenceFile = `${pack}-licence.txt`;
  writeFileSync(join(folder, licenceFile), licenceText(targetTar, licence));
  return {
    name: `${pack} ${basis} → ${target}`,
    note,
    basis: basename(basisTar),
    target: basename(targetTar),
    licence,
    licenceFile,
  };
}

/** Writes the layered signature beside a file, as `rsync-streams publish` does. */
async function publish(path: string): Promise<void> {
  const stream = layeredSigStream({ fileLength: statSync(path).size });
  writeFileSync(`${path}.rsig`, await new Response(fileReadable(path).pipeThrough(stream)).bytes());
}

/** Takes the text of the licence out of a package. */
function licenceText(tar: string, licence: string): string {
  const read = (member: string) => run("tar", ["-xOf", tar, member]);
  const stated = JSON.parse(read("package/package.json")).license;
  if (stated !== licence) throw new Error(`Cannot bundle ${tar}: its licence is ${stated}, ${licence} was expected`);
  const member = run("tar", ["-tf", tar]).split("\n").find((name) => /^package\/licen[cs]e(\.\w+)?$/i.test(name));
  if (!member) throw new Error(`Cannot bundle ${tar}: it has no text of its licence`);
  return read(member);
}

/** Serves the static files on this machine alone, at a free port. Vite prints the address. */
export function servePlayground(output: "inherit" | "pipe"): ChildProcess {
  const args = ["preview", "--outDir", PLAYGROUND, "--host", "127.0.0.1"];
  return spawn(command("vite"), args, { cwd: SITE, stdio: ["ignore", output, "inherit"] });
}

if (import.meta.main) {
  console.log(`Built ${relative(ROOT, await buildPlayground())}`);
  if (process.argv.includes("--serve")) servePlayground("inherit").on("exit", (code) => process.exit(code ?? 1));
}
