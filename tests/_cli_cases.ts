/** Cases that the command line passes in each runtime. */
import assert from "node:assert/strict";
import { assertBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { isWindows } from "./_cli_runtimes.ts";
import { cli, fails, inFolder, names, quiet, type Runtime, shell, start } from "./_cli_runner.ts";

/** The files in the folder of each test. */
export const BASIS = randomBytes(1, 150_000);
export const TARGET = concat([BASIS.subarray(0, 70_001), randomBytes(2, 3_333), BASIS.subarray(68_000)]);

/** Puts basis and target into a folder. */
async function fill(folder: string): Promise<void> {
  await Deno.writeFile(`${folder}/basis`, BASIS);
  await Deno.writeFile(`${folder}/target`, TARGET);
}

export async function assertFile(path: string, expected: Uint8Array): Promise<void> {
  assertBytes(await Deno.readFile(path), expected, path);
}

/** A test that starts in a folder with a basis and a target. */
export function test(name: string, work: (folder: string) => Promise<void>, isIgnored = false): void {
  Deno.test(`rsync-streams ${name}`, { ignore: isWindows || isIgnored }, () =>
    inFolder(async (folder) => {
      await fill(folder);
      await work(folder);
    }));
}

type Case = (runtime: Runtime, folder: string) => Promise<void>;

/** The cases by name. Each starts in a folder with a basis and a target. */
export const CASES: Record<string, Case> = {
  "does the three jobs with files": async (runtime, folder) => {
    await quiet(cli(runtime, ["signature", "basis", "sig"], folder));
    await quiet(cli(runtime, ["delta", "sig", "target", "delta"], folder));
    await quiet(cli(runtime, ["patch", "basis", "delta", "made"], folder));
    await assertFile(`${folder}/made`, TARGET);
    assert.deepEqual(await names(folder), ["basis", "delta", "made", "sig", "target"]);
  },
  "does the three jobs with pipes": async (runtime, folder) => {
    const script = "cat basis | cli signature | cli delta - target | cli patch basis";
    assertBytes(await quiet(shell(runtime, script, folder)), TARGET, "output");
  },
  "tells help and version": async (runtime, folder) => {
    for (const args of [["--help"], ["-h"], ["delta", "-?"], ["help", "delta"], ["--version"], ["-V"]]) {
      const text = new TextDecoder().decode(await quiet(cli(runtime, args, folder)));
      assert.match(text, /rsync-streams/, args.join(" "));
    }
  },
  "exits with 101 on a bad command line": async (runtime, folder) => {
    await fails(cli(runtime, ["--bogus"], folder), 101, /unknown option --bogus; try "rsync-streams --help"/);
    await fails(cli(runtime, ["delta"], folder), 101, /SIGNATURE \[TARGET \[DELTA\]\]/);
    await fails(cli(runtime, ["patch", "-", "-"], folder), 101, /basis and delta cannot both come from the standard/);
  },
  "exits with 100 where files are not as they should be": async (runtime, folder) => {
    await fails(cli(runtime, ["signature", "missing", "sig"], folder), 100, /cannot open missing: no such file/);
    await fails(cli(runtime, ["signature", folder, "sig"], folder), 100, /it is a folder/);
    await fails(cli(runtime, ["signature", "basis", folder], folder), 100, /it is a folder/);
    await fails(shell(runtime, "cli signature - sig < .", folder), 100, /the standard input: it is a folder/);
    await fails(cli(runtime, ["signature", "basis", "target"], folder), 100, /target: it exists, and -f replaces it/);
    await assertFile(`${folder}/target`, TARGET);
    assert.deepEqual(await names(folder), ["basis", "target"]);
  },
  "exits with 100 when the disk is full": async (runtime, folder) => {
    for (const file of ["/dev/full", "-f /dev/full", "- >/dev/full"]) {
      await fails(shell(runtime, `cli signature basis ${file}`, folder), 100, /no space left on the device/);
    }
    await fails(shell(runtime, "cli --help >/dev/full", folder), 100, /no space left on the device/);
  },
  "exits with 100 where the output goes to a file that is read": async (runtime, folder) => {
    const error = /cannot write the standard output: it is a file that is read, too/;
    for (const words of ["basis >> basis", "- < basis >> basis", "< basis 1<> basis", "-f ./basis - 1<> basis"]) {
      await fails(shell(runtime, `cli signature ${words}`, folder), 100, error);
      await assertFile(`${folder}/basis`, BASIS);
    }
    await quiet(shell(runtime, "cli signature basis sig && cli delta sig target >> delta", folder));
    await fails(shell(runtime, "cli patch basis delta 1<> basis", folder), 100, error);
    await assertFile(`${folder}/basis`, BASIS);
  },
  "exits with 141 and says nothing when nobody reads": async (runtime, folder) => {
    // More than a pipe holds, so that the command has to notice.
    const script = "{ cli signature -b 16 basis; echo $? >code; } | head -c 1 >/dev/null";
    await quiet(shell(runtime, script, folder));
    assert.equal((await Deno.readTextFile(`${folder}/code`)).trim(), "141");
  },
  "exits with 104 on files of another kind, and leaves no output": async (runtime, folder) => {
    await fails(cli(runtime, ["delta", "basis", "target", "delta"], folder), 104, /cannot read the signature/);
    await fails(cli(runtime, ["patch", "basis", "target", "made"], folder), 104, /cannot read the delta/);
    await fails(cli(runtime, ["info"], folder, TARGET), 104, /not a signature or a delta/);
    assert.deepEqual(await names(folder), ["basis", "target"]);
  },
  "leaves what was there when a patch fails at its end": async (runtime, folder) => {
    await quiet(cli(runtime, ["signature", "basis", "sig"], folder));
    await quiet(cli(runtime, ["delta", "sig", "target", "delta"], folder));
    await Deno.writeFile(`${folder}/wrong`, BASIS.toReversed());
    await fails(cli(runtime, ["patch", "-f", "wrong", "delta", "wrong"], folder), 106, /digest/);
    await assertFile(`${folder}/wrong`, BASIS.toReversed());
    assert.deepEqual(await names(folder), ["basis", "delta", "sig", "target", "wrong"]);
  },
  "replaces the basis itself": async (runtime, folder) => {
    await quiet(cli(runtime, ["signature", "basis", "sig"], folder));
    await quiet(cli(runtime, ["delta", "sig", "target", "delta"], folder));
    await quiet(cli(runtime, ["-f", "patch", "basis", "delta", "basis"], folder));
    await assertFile(`${folder}/basis`, TARGET);
  },
  "does not wait for the rest of a pipe when it has failed": async (runtime, folder) => {
    const process = start(runtime, ["patch", "basis", "-", "made"], folder);
    const writer = process.stdin.getWriter();
    await writer.write(TARGET).catch(() => {});
    const { code } = await process.status;
    await writer.close().catch(() => {});
    assert.equal(code, 104);
  },
};
