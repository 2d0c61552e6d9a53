/** Runs the command many times in one process: jobs come as JSON on the standard input, exit codes go out. */
import { runCli } from "rsync-streams/cli";

/** One run of the command. */
export interface Job {
  args: string[];
  cwd: string;
}

/** What stands after each run on the standard error. */
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
