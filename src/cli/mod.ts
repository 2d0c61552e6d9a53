/**
 * The command `rsync-streams`: signatures, deltas and patches of files and pipes, with rdiff's arguments and
 * exit codes, and what is in them. `rsync-streams --help` tells the rest.
 *
 * Started by Deno or Bun, this module is the command (`deno run -A jsr:@rsync-streams/rsync-streams/cli --help`); imported, it
 * offers {@linkcode runCli}. In npm's package the command has a file of its own, since Node 20 does not tell what was started.
 *
 * @module
 */
import { main } from "./_main.ts";

export { runCli, type RunCliOptions } from "./run_cli.ts";

if (import.meta.main) await main();
