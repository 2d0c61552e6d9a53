/** Help and the man page, word for word where a reader counts on the layout, and beside the page of the command. */
import assert from "node:assert/strict";
import { MAN_FILE, manPage } from "../src/cli/man_page.ts";
import { run, test } from "./_cli_inside.ts";

const PAGE = await Deno.readTextFile(new URL("../docs/command-line.md", import.meta.url));
/** The table of exit codes. */
const EXIT_CODES = Array.from(PAGE.matchAll(/^\| (\d+) +\| (.+?) +\|$/gm), ([, code, meaning]) => [code!, meaning!]);
/** Those that rdiff does not have. */
const OWN = ["109", "110"];

/** The part of a text from a line to the next empty one. */
function section(text: string, title: string): string[] {
  return text.slice(text.indexOf(`${title}\n`)).split("\n\n")[0]!.trimEnd().split("\n").slice(1);
}

test("has the help of each command that is in docs/command-line.md", async (folder) => {
  const helps = [...PAGE.matchAll(/^### (\w+)\n\n```text\n([^]*?)```$/gm)];
  assert.equal(helps.length, 10);
  for (const [, name, help] of helps) {
    for (const word of [name!, name!.slice(0, 3)]) assert.equal((await run(folder, [word, "--help"])).out, help);
  }
});

test("lists commands, variables and exit codes in columns, in at most 80 columns", async (folder) => {
  const { out } = await run(folder, ["--help"]);
  assert.deepEqual(out.split("\n").filter(({ length }) => length > 80), []);
  assert.deepEqual(out.split("\n").slice(0, 6), [
    "Usage: rsync-streams COMMAND [OPTIONS] FILES",
    "",
    "Updates a file from a newer one elsewhere: only what changed crosses the wire.",
    "",
    "Commands:",
    "  signature    make the signature of the old file (the basis)",
  ]);
  assert.equal(section(out, "Commands:").at(-1), "  help         describe a command and its options: help COMMAND");
  assert.deepEqual(section(out, "Here is old.iso, there is new.iso:"), [
    "  here   rsync-streams signature old.iso old.sig          send old.sig there",
    "  there  rsync-streams delta old.sig new.iso new.delta    send new.delta here",
    "  here   rsync-streams patch old.iso new.delta new.iso",
  ]);
  assert.deepEqual(section(out, "Environment:"), [
    "  NO_COLOR     if it is set and not empty, there are no colours",
    "  FORCE_COLOR  if it is set, there are colours also where there is no terminal;",
    "               0: nowhere",
    "  TERM         dumb: no colours and no progress bar",
  ]);
  assert.match(out, /\n {2}In Deno: [^\n]+ where FOLDER is that\n {2}of the output\. /);
  const codes = EXIT_CODES.map(([code, meaning]) => `  ${code!.padEnd(5)} ${meaning}`);
  assert.equal(codes.length, 13);
  assert.deepEqual(section(out, "Exit codes:"), codes);
  assert.ok(out.endsWith(`${codes.at(-1)}\n`));
});

test("has the help of rdiff, with its commands, options and exit codes alone", async (folder) => {
  const { out } = await run(folder, ["--rdiff", "--help"]);
  assert.deepEqual(out.split("\n").filter(({ length }) => length > 80), []);
  assert.deepEqual(out.split("\n\n")[0]!.split("\n"), [
    "Usage: rdiff [OPTIONS] signature [BASIS [SIGNATURE]]",
    "       rdiff [OPTIONS] delta SIGNATURE [TARGET [DELTA]]",
    "       rdiff [OPTIONS] patch BASIS [DELTA [TARGET]]",
  ]);
  assert.deepEqual(section(out, "Options:"), [
    "  -b, --block-size BYTES     block length; 0 (default): the length that fits the",
    "                             file",
    "  -S, --sum-size BYTES       strong length; 0 (default): the whole sum, -1: the",
    "                             shortest that is safe against accidents",
    "  -H, --hash SUM             strong sum: blake2 (default) or md4",
    "  -R, --rollsum SUM          weak sum: rabinkarp (default) or rollsum",
    "  -f, --force                replace the output if it exists",
    "  -s, --statistics           print counts, time and speed on stderr",
    "  -v, --verbose              print on stderr what is done, and where a failure",
    "                             comes from",
    "  -I, --input-size BYTES     accepted as rdiff accepts it, and ignored: buffers",
    "                             need no tuning",
    "  -O, --output-size BYTES    likewise",
    "  -V, --version              print the version",
    "  -h, --help                 print this help",
  ]);
  const codes = EXIT_CODES.filter(([code]) => !OWN.includes(code!));
  assert.deepEqual(section(out, "Exit codes:"), codes.map(([code, meaning]) => `  ${code!.padEnd(5)} ${meaning}`));
  for (const args of [["signature", "--help"], ["-h"], ["patch", "-h", "x"]]) {
    assert.equal((await run(folder, ["--rdiff", ...args])).out, out);
  }
});

Deno.test("manPage() has each part where readers of man look for it", () => {
  assert.equal(MAN_FILE, "rsync-streams.1");
  const page = manPage();
  const sections = new Map(
    page.split("\n.SH ").map((text) => {
      const end = text.indexOf("\n");
      return [text.slice(0, end), text.slice(end + 1).split("\n")];
    }),
  );
  assert.match(
    page,
    /^\.TH RSYNC\\-STREAMS 1 "" "rsync-streams \d+\.\d+\.\d+" "User Commands"\n\.nh\n\.ad l\n\.SH NAME\n/,
  );
  assert.deepEqual(sections.get("SYNOPSIS")!.slice(0, 5), [
    ".B rsync\\-streams signature",
    "[OPTIONS] [BASIS [SIGNATURE]]",
    ".br",
    ".B rsync\\-streams delta",
    "[OPTIONS] SIGNATURE [TARGET [DELTA]]",
  ]);
  assert.deepEqual(sections.get("DESCRIPTION")!.slice(0, 9), [
    "Updates a file from a newer one elsewhere: only what changed crosses the wire.",
    ".PP",
    "Here is old.iso, there is new.iso:",
    ".PP",
    ".RS 4",
    ".nf",
    "here   rsync\\-streams signature old.iso old.sig          send old.sig there",
    "there  rsync\\-streams delta old.sig new.iso new.delta    send new.delta here",
    "here   rsync\\-streams patch old.iso new.delta new.iso",
  ]);
  const commands = sections.get("COMMANDS")!;
  assert.equal(commands[0], '.SS "signature [OPTIONS] [BASIS [SIGNATURE]]"');
  assert.match(commands[1]!, /^Makes the signature of BASIS/);
  const at = commands.indexOf(".B \\-b, \\-\\-block\\-size \\fIBYTES\\fR");
  assert.equal(commands[at - 1], ".TP");
  assert.match(commands[at + 1]!, /^block length, such as 4096 or 4k; /);
  assert.ok(commands.includes(".B \\-\\-[no\\-]progress"));
  assert.ok(commands.includes("eval \\(dq$(rsync\\-streams completion bash)\\(dq"));
  assert.deepEqual(
    sections.get("EXIT STATUS"),
    EXIT_CODES.flatMap(([code, meaning]) => [".TP", `.B ${code}`, meaning!.replaceAll("-", "\\-")]),
  );
  assert.deepEqual(sections.get("ENVIRONMENT")!.slice(0, 2), [".TP", ".B NO_COLOR"]);
  assert.match(sections.get("PERMISSIONS")!.join("\n"), /^In Deno: [^\n]+\n\.PP\nIn Node with/);
  assert.deepEqual(sections.get("SEE ALSO"), [".BR rdiff (1),", ".BR rsync (1)", ""]);
});

test("completion prints the script of a shell, and refuses what is none", async (folder) => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, out, err } = await run(folder, ["completion", shell]);
    assert.deepEqual([code, err], [0, ""]);
    assert.ok(out.includes(`# Completion of rsync-streams for ${shell}.\n`));
    for (const word of ["transcode", "no-digest", "statistics"]) assert.ok(out.includes(word), `${shell}: ${word}`);
  }
  const wrong: [args: string[], why: string][] = [
    [["tcsh"], 'unknown shell "tcsh": one of bash, zsh, fish was expected'],
    [[], "SHELL is missing: rsync-streams completion [OPTIONS] SHELL"],
    [["bash", "zsh"], "too many arguments: rsync-streams completion [OPTIONS] SHELL"],
  ];
  for (const [args, why] of wrong) {
    const err = `rsync-streams: ${why}; try "rsync-streams completion --help"\n`;
    assert.deepEqual(await run(folder, ["completion", ...args]), { code: 101, out: "", err });
  }
});
