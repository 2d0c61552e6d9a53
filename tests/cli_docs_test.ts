/** Help, the man page, and the page of the command: all are made from the specs of commands and options. */
import assert from "node:assert/strict";
import { COMMAND_NAMES } from "../src/cli/command_names.ts";
import { helpPage } from "../scripts/build_help.ts";
import { buildMan } from "../scripts/build_man.ts";
import { cli, DENO, DENO_RDIFF, exec, hasProgram, inFolder, isCi, quiet } from "./_cli_runner.ts";

const text = async (...args: Parameters<typeof cli>) => new TextDecoder().decode(await quiet(cli(...args)));

Deno.test("docs/command-line.md has what --help prints, written by deno task build:help", () => {
  const { current, expected } = helpPage();
  assert.equal(current, expected);
});

Deno.test("rsync-streams --help fits 80 columns, of each command and as rdiff", async () => {
  const helps = [[], ...COMMAND_NAMES.map((name) => [name])].map((args) => text(DENO, [...args, "--help"], "."));
  for (const help of await Promise.all([...helps, text(DENO_RDIFF, ["--help"], ".")])) {
    assert.deepEqual(help.split("\n").filter(({ length }) => length > 80), []);
  }
});

Deno.test("the man page has every option of every command, and groff and man read it without warnings", async () => {
  await inFolder(async (folder) => {
    const path = buildMan(folder);
    const page = await Deno.readTextFile(path);
    for (const name of COMMAND_NAMES) {
      assert.ok(page.includes(`.SS "${name} [OPTIONS] `), name);
      const [, options = ""] = (await text(DENO, [name, "--help"], folder)).split("\nOptions:\n");
      const [, section = ""] = page.split(`.SS "${name} `);
      const longs = Array.from(options.matchAll(/--(\[no-\])?[a-z]+(-[a-z]+)*/g), ([long]) => long);
      assert.ok(longs.length >= 3, `${name} has ${longs.length} options`);
      for (const long of longs) {
        assert.ok(section.split("\n.SS ")[0]!.includes(long.replaceAll("-", "\\-")), `${name}: ${long}`);
      }
    }
    const isLinux = Deno.build.os === "linux";
    for (const program of ["groff", "man"]) {
      // Other systems have other programs of these names.
      if (isLinux && await hasProgram(program)) continue;
      if (isCi && isLinux) throw new Error(`Cannot check the man page: ${program} is not installed`);
      return console.warn(`\nSKIPPED: the man page in ${program}: it is not installed\n`);
    }
    const plain = ["-P-c", "-P-b", "-P-u"];
    const shown = new TextDecoder().decode(await quiet(exec(["groff", "-man", "-ww", "-Tascii", ...plain, path])));
    assert.match(shown, /\n +--timeout SECONDS\n/);
    assert.match(shown, /\n +rsync-streams delta -z old\.sig new\.iso changes\.delta\.gz\n/);
    assert.match(shown, /alias\s+rdiff="rsync-streams --rdiff"/);
    await quiet(exec(["man", "--warnings", "-l", path]));
  });
});
