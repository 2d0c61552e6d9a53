/** Brings releases of npm packages as tars, for the demo and the benchmarks. */
import { execFile } from "node:child_process";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { atomicWritable, fileReadable } from "rsync-streams/files";

/** How long npm may take for a release, in milliseconds. */
const NPM_TIMEOUT_MS = 120_000;

const CACHE = fileURLToPath(new URL("../.cache/demo/", import.meta.url));

/** Fetches a release with npm, from the registry that npm is configured for, and unzips it. Keeps it in `folder`. */
export async function packageTar(pack: string, version: string, folder: string = CACHE): Promise<string> {
  // npm names the archive of `@scope/name` like this.
  const name = `${pack.replace("@", "").replace("/", "-")}-${version}`;
  const tar = join(folder, `${name}.tar`);
  if (await stat(tar).then(() => true, () => false)) return tar;

  console.error(`Fetching ${pack}@${version} with npm …`);
  await mkdir(folder, { recursive: true });
  const args = ["pack", `${pack}@${version}`, "--pack-destination", ".", "--loglevel=error", "--fetch-retries=1"];
  await promisify(execFile)("npm", args, {
    cwd: folder,
    timeout: NPM_TIMEOUT_MS,
    // npm is a .cmd file on Windows, which only a shell runs.
    shell: process.platform === "win32",
  }).catch((error) => {
    throw npmError(error);
  });
  const zipped = join(folder, `${name}.tgz`);
  await fileReadable(zipped).pipeThrough(new DecompressionStream("gzip")).pipeTo(atomicWritable(tar));
  await rm(zipped);
  return tar;
}

/** Explains why npm failed. */
function npmError(error: { code?: unknown; killed?: boolean; stderr?: string }): Error {
  if (error.code === "ENOENT") return new Error("there is no npm on this machine");
  if (error.killed) return new Error(`npm took longer than ${NPM_TIMEOUT_MS / 1000} seconds`);
  // The first line in words follows the lines with codes: "request to … failed, reason: …".
  const reason = error.stderr?.match(/npm (?:error|ERR!) (?!code|syscall|errno)(.+)/)?.[1];
  return new Error(reason ?? "npm cannot fetch it; is the registry reachable?");
}
