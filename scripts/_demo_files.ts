/** Finds two files that resemble each other for the demo. */
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { atomicWritable, fileReadable } from "rsync-streams/files";

/** Two releases a month apart of what nearly everybody has installed; 23 MB each when unpacked. */
const PACKAGE = "typescript";
const BASIS_VERSION = "5.8.2";
const TARGET_VERSION = "5.8.3";

/** How long npm may take for one of them, in milliseconds. */
const NPM_TIMEOUT_MS = 120_000;

/** Edits in the copy that stands in for a release where npm does not work. */
const EDIT_COUNT = 20;

const CACHE = fileURLToPath(new URL("../.cache/demo/", import.meta.url));
const VECTORS = fileURLToPath(new URL("../tests/vectors/luapower.json", import.meta.url));

/** What the demo updates, and to what. */
export interface DemoFiles {
  basis: string;
  target: string;
  /** What the two are, in one line. */
  what: string;
}

/** Two releases of a package by way of npm, or else a file of the checkout and an edited copy of it, made in `folder`. */
export async function demoFiles(folder: string): Promise<DemoFiles> {
  try {
    return {
      basis: await packageTar(PACKAGE, BASIS_VERSION),
      target: await packageTar(PACKAGE, TARGET_VERSION),
      what: `the npm package ${PACKAGE}, ${BASIS_VERSION} → ${TARGET_VERSION}, unpacked to tar`,
    };
  } catch (error) {
    console.error(`Cannot get ${PACKAGE} through npm: ${firstLine(error)}`);
    console.error("Going on with a file of this checkout and a copy of it with small edits instead.\n");
    return {
      basis: VECTORS,
      target: await editedCopy(folder),
      what: `a file of the tests, and a copy of it with ${EDIT_COUNT} small edits`,
    };
  }
}

/** Fetches a release through npm, with the registry that npm is set to, and unzips it; or finds it in the cache. */
export async function packageTar(pack: string, version: string): Promise<string> {
  const name = `${pack}-${version}`;
  const tar = join(CACHE, `${name}.tar`);
  if (await stat(tar).then(() => true, () => false)) return tar;

  console.error(`Fetching ${pack}@${version} with npm …`);
  await mkdir(CACHE, { recursive: true });
  const args = ["pack", `${pack}@${version}`, "--pack-destination", ".", "--loglevel=error", "--fetch-retries=1"];
  await promisify(execFile)("npm", args, {
    cwd: CACHE,
    timeout: NPM_TIMEOUT_MS,
    // npm is a .cmd file on Windows, which only a shell runs.
    shell: process.platform === "win32",
  }).catch((error) => {
    throw npmError(error);
  });
  const zipped = join(CACHE, `${name}.tgz`);
  await fileReadable(zipped).pipeThrough(new DecompressionStream("gzip")).pipeTo(atomicWritable(tar));
  await rm(zipped);
  return tar;
}

/** Says why npm failed. */
function npmError(error: { code?: unknown; killed?: boolean; stderr?: string }): Error {
  if (error.code === "ENOENT") return new Error("there is no npm on this machine");
  if (error.killed) return new Error(`npm took longer than ${NPM_TIMEOUT_MS / 1000} seconds`);
  // After its code the first line in words: "request to … failed, reason: …".
  const told = error.stderr?.match(/npm (?:error|ERR!) (?!code|syscall|errno)(.+)/)?.[1];
  return new Error(told ?? "npm cannot fetch it; is the registry reachable?");
}

/** The file of the tests with a few letters inserted, removed or replaced in twenty places, always the same. */
async function editedCopy(folder: string): Promise<string> {
  const text = await readFile(VECTORS, "utf8");
  const step = Math.floor(text.length / EDIT_COUNT);
  const parts = Array.from({ length: EDIT_COUNT }, (_, edit) => {
    const part = text.slice(edit * step, edit === EDIT_COUNT - 1 ? undefined : (edit + 1) * step);
    return [`inserted ${edit}`, "", "other"][edit % 3] + part.slice([0, 7, 5][edit % 3]);
  });
  const path = join(folder, "edited.json");
  await writeFile(path, parts.join(""));
  return path;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}
