/**
 * Stands between a client and its server, and counts what passes: rsync runs it in place of ssh, as
 * `deno run -A count_pipe.ts COUNTS HOST COMMAND…`. It ignores the host, runs the command on this machine, and writes
 * the bytes that went to the server (up) and came from it (down) to the file COUNTS, as JSON.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";

const [counts, _host, command, ...args] = process.argv.slice(2);
const server = spawn(command!, args, { stdio: ["pipe", "pipe", "inherit"] });
let up = 0;
let down = 0;
process.stdin.on("data", (chunk) => up += chunk.length).pipe(server.stdin);
server.stdout.on("data", (chunk) => down += chunk.length).pipe(process.stdout);
// The server may end before it has read everything.
server.stdin.on("error", () => {});
server.on("close", (code) => {
  writeFileSync(counts!, JSON.stringify({ up, down }));
  // Waits for the last bytes: the client keeps its end open until this process ends.
  process.stdout.write("", () => process.exit(code ?? 1));
});
