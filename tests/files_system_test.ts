/**
 * What `rsync-streams/files` asks of the system: the cases of files_system/, in this process, then in Deno, Node and
 * Bun, as root and as somebody who is not root.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { exec, findBun, findNode, inFolder, isCi, requireProgram } from "./_cli_runner.ts";
import { CASES } from "./files_system/cases.ts";

const isWindows = Deno.build.os === "windows";
const isRoot = Deno.uid() === 0;
/** The user and the group that Unix systems have for nobody. */
const NOBODY = 65_534;

for (const [name, run] of Object.entries(CASES)) Deno.test(name, { ignore: isWindows }, run);

/** Programs by the names of the runtimes. */
async function findRuntimes(): Promise<[name: string, program: string][]> {
  const found = { Deno: Deno.execPath(), Node: await findNode(), Bun: await findBun() };
  return Object.entries(found).flatMap(([name, program]) => {
    if (program) return [[name, program]];
    if (isCi) throw new Error(`Cannot test files in ${name}, which CI needs: it is not installed`);
    console.warn(`\nSKIPPED: files in ${name}: it is not installed\n`);
    return [];
  });
}

/** Puts a program where everybody may run it: homes of users are closed to others. */
async function place(program: string, path: string): Promise<void> {
  const { stdout } = await exec(["sh", "-c", 'command -v "$0"', program]);
  const real = await Deno.realPath(new TextDecoder().decode(stdout).trim());
  // A link to a file of another file system is not possible.
  await Deno.link(real, path).catch(() => Deno.copyFile(real, path));
}

/** Puts the cases into one file that all runtimes run. */
async function bundle(file: string): Promise<void> {
  const entry = fileURLToPath(new URL("files_system/run.ts", import.meta.url));
  const { code, stderr } = await exec([Deno.execPath(), "bundle", "--quiet", "--platform", "deno", "-o", file, entry]);
  assert.equal(code, 0, stderr);
}

/** Runs the cases. Returns the failures, by the names of all cases. */
async function runCases(name: string, program: string, folder: string, asNobody: boolean) {
  await bundle(`${folder}/cases.mjs`);
  await place(program, `${folder}/runtime`);
  await Deno.mkdir(`${folder}/shared`);
  await Deno.writeTextFile(`${folder}/shared/theirs`, "of another user");
  await Deno.chmod(`${folder}/shared/theirs`, 0o4755);
  for (const path of [folder, `${folder}/shared`]) await Deno.chmod(path, 0o777);
  const user = asNobody ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"] : [];
  const environment = ["env", `DENO_DIR=${folder}/deno`, `HOME=${folder}`];
  const runtime = [`${folder}/runtime`, ...(name === "Deno" ? ["run", "-A", "--no-config"] : [])];
  const run = await exec([...user, ...environment, ...runtime, "cases.mjs", `${folder}/shared`], folder);
  assert.equal(run.code, 0, run.stderr);
  const lines = new TextDecoder().decode(run.stdout).trim().split("\n");
  return lines.map((line): { name: string; failure?: string } => JSON.parse(line));
}

const mayChange = isRoot && await requireProgram("setpriv", "files as somebody who is not root");
for (const [name, program] of isWindows ? [] : await findRuntimes()) {
  for (const asNobody of mayChange ? [false, true] : [false]) {
    Deno.test(`in ${name}, as ${isRoot && !asNobody ? "root" : "somebody who is not root"}: all cases`, async (t) => {
      await inFolder(async (folder) => {
        const results = await runCases(name, program, folder, asNobody);
        assert.deepEqual(results.slice(0, Object.keys(CASES).length).map(({ name }) => name), Object.keys(CASES));
        // Those that need somebody else are more.
        assert.equal(results.length > Object.keys(CASES).length, asNobody || !isRoot);
        for (const { name, failure } of results) {
          await t.step(name, () => assert.equal(failure, undefined, `${failure}`));
        }
      });
    });
  }
}
