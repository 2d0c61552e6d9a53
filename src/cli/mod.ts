/**
 * The command `rsync-streams`: it makes signatures, deltas and patches of files and pipes, with the arguments and exit
 * codes of rdiff, shows what is in them, and updates files over HTTP. `rsync-streams --help` describes it.
 *
 * Run by Deno or Bun, this module is the command: `deno run -A jsr:@rsync-streams/rsync-streams/cli --help`. When it is
 * imported, it exports {@linkcode runCli}. The npm package has a separate file for the command, since Node 20 lacks
 * `import.meta.main`.
 *
 * @module
 */
import { runProgram } from "./program.ts";

export { runCli, type RunCliOptions } from "./run_cli.ts";

if (import.meta.main) await runProgram();
