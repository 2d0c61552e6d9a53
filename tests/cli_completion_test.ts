/** Completion in real shells. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cli, DENO, exec, fails, inFolder, quiet, requireProgram } from "./_cli_runner.ts";

const isWindows = Deno.build.os === "windows";

/** The words of a command line, of which the last is completed, and what a shell offers. */
const CASES: [words: string[], offers: string[]][] = [
  [["p"], ["patch", "publish", "pull", "push"]],
  [["--"], ["--help", "--rdiff", "--version"]],
  [["delta", "--f"], ["--force", "--format"]],
  [["push", "--no"], ["--no-progress"]],
  // As commands are written, the start of a name is enough.
  [["del", "--f"], ["--force", "--format"]],
  [["si", "a"], ["a file"]],
  [["pu", "--ti"], []],
  [["delta", "--format", "lib"], ["librsync"]],
  [["delta", "--format=lib"], ["librsync"]],
  [["patch", "-b", "4k", "o"], ["old.sig"]],
  [["delta", "a"], ["a file"]],
  [["pull", "--basis", "o"], ["old.sig"]],
  [["serve", "d"], ["dir"]],
  [["completion", ""], ["bash", "fish", "zsh"]],
  [["help", "pu"], ["publish", "pull", "push"]],
];

const SHELLS: Record<string, (folder: string, words: string[]) => Promise<string[]>> = {
  async bash(folder, words) {
    // As bash splits the line.
    const split = words.flatMap((word) => word.split(/(?<==)|(?==)/));
    const code = `source ./script; COMP_WORDS=(rsync-streams "$@"); COMP_CWORD=$#; _rsync_streams 2>/dev/null
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    return linesOf(await quiet(exec(["bash", "-c", code, "bash", ...split], folder)));
  },
  async fish(folder, words) {
    const line = ["rsync-streams", ...words].join(" ");
    const lines = linesOf(
      await quiet(exec(["fish", "--no-config", "-c", `source ./script; complete -C "${line}"`], folder)),
    );
    return lines.map((line) => line.split("\t")[0]!.replace(/^--format=/, "").replace(/\/$/, ""));
  },
  async zsh(folder, words) {
    // Completion of zsh needs a terminal.
    const driver = fileURLToPath(new URL("_zsh_completion.zsh", import.meta.url));
    const line = ["rsync-streams", ...words].join(" ");
    return linesOf(await quiet(exec(["zsh", "-f", driver, line], folder))).map((line) =>
      line.replace(/^--format=/, "")
    );
  },
};

function linesOf(bytes: Uint8Array): string[] {
  return new TextDecoder().decode(bytes).split(/\r?\n/).filter(Boolean);
}

for (const [shell, complete] of Object.entries(SHELLS)) {
  const isMissing = isWindows || !await requireProgram(shell, `completion in ${shell}`);
  Deno.test(
    `rsync-streams completion ${shell}: the shell offers what fits`,
    { ignore: isMissing },
    () =>
      inFolder(async (folder) => {
        await Deno.writeFile(`${folder}/script`, await quiet(cli(DENO, ["completion", shell], folder)));
        await Deno.mkdir(`${folder}/dir`);
        for (const name of ["a file", "old.sig"]) await Deno.writeTextFile(`${folder}/${name}`, "");
        for (const [words, offers] of CASES) {
          assert.deepEqual([...new Set(await complete(folder, words))].sort(), offers, words.join(" "));
        }
      }),
  );
}

Deno.test("rsync-streams completion refuses other shells", async () => {
  await fails(cli(DENO, ["completion", "tcsh"], "."), 101, /unknown shell "tcsh": one of bash, zsh, fish was expected/);
  await fails(cli(DENO, ["completion"], "."), 101, /completion \[OPTIONS\] SHELL/);
});
