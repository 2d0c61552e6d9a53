import { findRuntimes, type Runtime } from "./_cli_runner.ts";

/** Scripts and exit codes are those of a POSIX shell. */
export const isWindows = Deno.build.os === "windows";

const folder = await Deno.makeTempDir({ prefix: "rsync-streams-cli-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** The runtimes that are installed, with the command in each. */
export const runtimes: readonly Runtime[] = isWindows ? [] : await findRuntimes(folder);
