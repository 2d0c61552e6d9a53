/** What the command shows on a terminal, and what it does not show elsewhere. */
import assert from "node:assert/strict";
import { TARGET, test } from "../_cli_cases.ts";
import { CliHost, NEW, OLD } from "./_cli_host.ts";
import { cli, DENO, exec, fails, hasProgram, isCi, quiet, quoteWords } from "../_cli_runner.ts";

/** The program `script` of other systems has other options. */
const isLinux = Deno.build.os === "linux";
const hasScript = isLinux && await hasProgram("script");
if (!hasScript && isCi && isLinux) throw new Error("Cannot test terminals: script is not installed");
if (!hasScript) console.warn("\nSKIPPED: terminals: script of Linux is not installed\n");

/** Variables that choose colours: none, so that only the terminal counts. */
const PLAIN = { NO_COLOR: "", FORCE_COLOR: "", TERM: "xterm" };

/** Runs the command in a terminal, and returns all that it shows. */
async function terminal(args: string[], folder: string, env: Record<string, string> = {}): Promise<string> {
  const variables = Object.entries({ ...PLAIN, ...env }).map(([name, value]) => `${name}=${value}`);
  const command = quoteWords(["env", ...variables, ...DENO.command, ...args]);
  const { stdout } = await exec(["script", "-qec", command, "/dev/null"], folder);
  return new TextDecoder().decode(stdout).replaceAll("\r\n", "\n");
}

function onTerminal(name: string, work: (folder: string) => Promise<void>): void {
  test(name, work, !hasScript);
}

const RED = "\u001b[31m";
const YELLOW = "\u001b[33m";
const BOLD = "\u001b[1m";
const NONE = "\u001b[39m";

onTerminal("has colours on a terminal, unless the environment forbids it", async (folder) => {
  const args = ["signature", "none", "sig"];
  const plain = "rsync-streams: cannot open none: no such file or folder\n";
  const colored = plain.replace("rsync-streams:", `${RED}rsync-streams:${NONE}`);
  assert.equal(await terminal(args, folder), colored);
  for (const env of [{ NO_COLOR: "1" }, { FORCE_COLOR: "0" }, { TERM: "dumb" }, { NO_COLOR: "1", FORCE_COLOR: "1" }]) {
    assert.equal(await terminal(args, folder, env), plain, JSON.stringify(env));
  }
  assert.equal(await terminal(["--rdiff", ...args], folder), plain.replace("rsync-streams", "rdiff"));
  assert.ok((await terminal(["--help"], folder)).startsWith(`${BOLD}Usage:`));
  const warned = await terminal(["signature", "--format", "librsync", "-S", "2", "basis", "sig"], folder);
  assert.ok(warned.startsWith(`rsync-streams: ${YELLOW}warning:${NONE} strong sums`), warned);
  // Nowhere else, unless the environment asks for it.
  await fails(cli(DENO, args, folder), 100, /^rsync-streams: cannot open none/);
  const forced = await exec(["env", "NO_COLOR=", "FORCE_COLOR=1", ...DENO.command, ...args], folder);
  assert.equal(forced.stderr, colored);
});

onTerminal("shows progress on a terminal, where nothing forbids it, and elsewhere with --progress", async (folder) => {
  // Bytes that come too slowly for the job to be short.
  const slowly = (flags: string) => {
    const command = `${quoteWords(DENO.command)} signature ${flags} -b 1024 - sig`;
    return ["sh", "-c", `{ cat basis; sleep 2; cat basis; } | ${command}; rm -f sig`];
  };
  const shown = async (flags: string, env: Record<string, string> = {}) => {
    const variables = Object.entries({ ...PLAIN, ...env }).map(([name, value]) => `${name}=${value}`);
    const { stdout } = await exec(
      ["script", "-qec", quoteWords(["env", ...variables, ...slowly(flags)]), "/dev/null"],
      folder,
    );
    return new TextDecoder().decode(stdout);
  };
  assert.match(await shown(""), /\d+\.\d kB \| \d+\.\d kB\/s/);
  for (const flags of ["--no-progress", "-q", "--progress --no-progress"]) assert.equal(await shown(flags), "", flags);
  assert.equal(await shown("", { TERM: "dumb" }), "");
  assert.match(await shown("-q --progress"), /kB\/s/);
  // Lines, where there is no terminal.
  const { stderr } = await exec(slowly("--progress"), folder);
  assert.match(stderr, /^(rsync-streams: \d+\.\d kB \| \d+\.\d [kM]?B\/s\n)+$/);
  const known = await cli(DENO, ["signature", "--progress", "basis", "other"], folder);
  assert.match(known.stderr, /^rsync-streams: 100\.0 % of 150\.0 kB \| \d+\.\d [kM]B\/s\n$/);
  await quiet(cli(DENO, ["--no-progress", "signature", "target", "-f", "other"], folder));
});

onTerminal("tells on a terminal how many bytes pull has fetched, in one line", async (folder) => {
  await using host = new CliHost();
  await host.publish("/app.bin", NEW);
  const url = `${host.origin}/app.bin`;
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  const line = await terminal(["pull", url], folder);
  assert.match(line, /^rsync-streams: app\.bin is updated: 3\d\d\.\d kB of 700\.0 kB \(4\d\.\d %\) fetched\n$/);
  assert.equal(await terminal(["pull", url], folder), "rsync-streams: app.bin is up to date\n");
  assert.equal(await terminal(["pull", "-q", url, "second"], folder), "");
  await quiet(cli(DENO, ["pull", url, "third"], folder));
  const known = JSON.parse(await terminal(["pull", "--json", url, "fourth"], folder));
  assert.equal(known.status, "updated");
});

test("keeps colours and progress out of the output", async (folder) => {
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  const { stdout } = await cli(DENO, ["delta", "--progress", "sig", "target"], folder);
  await Deno.writeFile(`${folder}/delta`, stdout);
  assert.deepEqual(await quiet(cli(DENO, ["patch", "basis", "delta"], folder)), TARGET);
});

onTerminal("asks for no permission that it can do without", async (folder) => {
  const may = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  const command = DENO.command.flatMap((word) => word === "-A" ? may : [word]);
  // A question would wait for its answer.
  const asked = quoteWords(["timeout", "60", ...command, "signature", "-q", "-f", `${folder}/basis`, `${folder}/sig`]);
  const { code, stdout } = await exec(["script", "-qec", asked, "/dev/null"], folder);
  assert.deepEqual([code, new TextDecoder().decode(stdout)], [0, ""]);
});
