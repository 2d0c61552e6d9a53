/** Runs the command many times in one process. Reads jobs as JSON from the standard input, and prints exit codes. */
import { runCli } from "rsync-streams/cli";

/** One run of the command. */
export interface Job {
  args: string[];
  cwd: string;
}

/** Printed to the standard error after each run. */
export const MARK = "----\n";

if (import.meta.main) {
  const jobs: Job[] = await new Response(Deno.stdin.readable).json();
  const codes: number[] = [];
  for (const { args, cwd } of jobs) {
    Deno.chdir(cwd);
    codes.push(await runCli(args));
    Deno.stderr.writeSync(new TextEncoder().encode(MARK));
  }
  console.log(JSON.stringify(codes));
}
