/** Names of files that are hard to write, to show, or to pass on. */
import assert from "node:assert/strict";
import { test } from "./_cli_cases.ts";
import { cli, DENO, fails, names, quiet, shell } from "./_cli_runner.ts";
import { runtimes } from "./_cli_runtimes.ts";

/** Bytes that are not UTF-8, in the shell. */
const CAFE = `"$(printf 'caf\\351')"`;

/** File systems that take such names. */
const takesAnyName = Deno.build.os === "linux";

for (const runtime of runtimes) {
  test(`in ${runtime.name} writes no other name than the one given`, async (folder) => {
    const refused = /^rsync-streams: cannot write caf\ufffd: U\+FFFD in the name stands for bytes that are not UTF-8/;
    const before = await names(folder);
    await fails(shell(runtime, `cli signature basis ${CAFE}`, folder), 100, refused);
    await fails(shell(runtime, `cli signature -f basis ${CAFE}`, folder), 100, refused);
    await fails(shell(runtime, `mkdir d; cli signature basis d/${CAFE}`, folder), 100, /cannot write d\/caf/);
    assert.deepEqual(await names(folder), [...before, "d"].sort());
    assert.deepEqual(await names(`${folder}/d`), []);
  });

  test(`in ${runtime.name} says why a name cannot be found, and reads it as the standard input`, async (folder) => {
    await quiet(shell(runtime, `cp basis ${CAFE}`, folder));
    const refused = /^rsync-streams: cannot open caf\ufffd: U\+FFFD in the name stands .* as in - < FILE\n$/;
    await fails(shell(runtime, `cli signature ${CAFE}`, folder), 100, refused);
    await fails(shell(runtime, `cli patch ${CAFE} delta`, folder), 100, refused);
    await quiet(cli(runtime, ["signature", "basis", "sig"], folder));
    await fails(shell(runtime, `cli delta sig ${CAFE}`, folder), 100, refused);
    await quiet(shell(runtime, `cli signature -f - - < ${CAFE} > "$(printf 's\\351')"`, folder));
  }, !takesAnyName);

  test(
    `in ${runtime.name} writes in folders whose names are not UTF-8, and follows no link to such a name`,
    async (folder) => {
      const script = `set -e; mkdir ${CAFE}; ln -s ${CAFE} link; cd ${CAFE}
      cli signature ../basis sig; cli signature -f ../basis sig; cli signature ../basis ../link/other; ls -a`;
      const listing = new TextDecoder().decode(await quiet(shell(runtime, script, folder)));
      assert.equal(listing, ".\n..\nother\nsig\n");
      const refused = /^rsync-streams: cannot write name: it is a link to a name that is not UTF-8\n$/;
      for (const before of ["", `: >"$(printf 'n\\351')"; `]) {
        await fails(
          shell(runtime, `${before}ln -sf "$(printf 'n\\351')" name; cli signature -f basis name`, folder),
          100,
          refused,
        );
      }
      assert.equal((await names(folder)).filter((name) => name.startsWith("n")).length, 2);
      assert.ok((await Deno.lstat(`${folder}/name`)).isSymlink);
    },
    !takesAnyName,
  );

  test(`in ${runtime.name} shows names as they are, and no control characters`, async (folder) => {
    const shown: Record<string, string> = {
      "a$&b": "a$&b",
      "a$`b": "a$`b",
      "a`b": "a`b",
      "a$1$$b": "a$1$$b",
      "a\x1b[31mb": "a\\x1b[31mb",
      "a\nb": "a\\nb",
      "a\tb\rc": "a\\tb\\rc",
      "a\x7f\x9bb": "a\\x7f\\x9bb",
      "a\u202eb\u2028c": "a\\u202eb\\u2028c",
      // The first and the last of each range of marks that turn the direction.
      "a\u202ab\u202ec\u2066d\u2069e": "a\\u202ab\\u202ec\\u2066d\\u2069e",
      "a\u061cb\u200ec\u200fd\u2029e": "a\\u061cb\\u200ec\\u200fd\\u2029e",
      "naïve 文件 😀": "naïve 文件 😀",
    };
    await quiet(cli(runtime, ["signature", "basis", "sig"], folder));
    const sig = await Deno.readFile(`${folder}/sig`);
    for (const [name, expected] of Object.entries(shown)) {
      await fails(cli(runtime, ["info", name], folder), 100, literally(`cannot open ${expected}: no such file`));
      await Deno.writeFile(`${folder}/${name}`, sig);
      const info = new TextDecoder().decode(await quiet(cli(runtime, ["info", name], folder)));
      assert.equal(info.split(": signature\n")[0], expected);
      const json = JSON.parse(new TextDecoder().decode(await quiet(cli(runtime, ["info", "--json", name], folder))));
      assert.equal(json.file, name);
      await Deno.writeTextFile(`${folder}/${name}`, "neither");
      await fails(cli(runtime, ["info", name], folder), 104, literally(`cannot read ${expected}: it is not a`));
      const verbose = await cli(runtime, ["info", "-v", name], folder);
      assert.doesNotMatch(verbose.stderr, /[^\P{Cc}\n]|[\u2028\u202e]/u);
    }
  });
}

test("says that a name is empty", async (folder) => {
  for (const args of [["info", ""], ["patch", "", "sig"], ["sig", "basis", ""]]) {
    await fails(cli(DENO, args, folder), 100, /"": the name of the file is empty\n/);
  }
});

test("shows no control characters of a wrong command line", async (folder) => {
  for (const args of [["\x1b[31m"], ["-b", "\x1b\x9b", "sig"], ["--\x1b"], ["sig", "-H", "\x9b"]]) {
    await fails(cli(DENO, args, folder), 101, /^[^\p{Cc}]+\n$/u);
  }
});

/** A pattern for a text. */
function literally(text: string): RegExp {
  return new RegExp(text.replaceAll(/[^\w ]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`), "u");
}
