/** Files of all kinds, and folders that may or may not be written to. */
import assert from "node:assert/strict";
import { assertBytes } from "./_helpers.ts";
import { assertFile, BASIS, TARGET, test } from "./_cli_cases.ts";
import { cli, DENO, exec, fails, names, quiet, requireProgram, type Runtime, shell, start } from "./_cli_runner.ts";
import { runtimes } from "./_cli_runtimes.ts";

const hasProc = Deno.build.os === "linux";
const isRoot = Deno.uid() === 0;
/** Root may write everywhere, unless it gives that up. */
const canBeRefused = !isRoot || await requireProgram("setpriv", "what root without its rights is refused");

/** The command without the privileges of root. */
function unprivileged({ name, command }: Runtime): Runtime {
  return isRoot
    ? { name, command: ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--", ...command] }
    : { name, command };
}

/** The command in Node with functions of `node:fs` replaced before it starts. */
function withFs(code: string): Runtime | undefined {
  const node = runtimes.find(({ name }) => name === "Node");
  if (!node) return undefined;
  const [program, ...rest] = node.command;
  const module = `data:text/javascript,${encodeURIComponent(`import fs from "node:fs"; ${code}`)}`;
  return { name: "Node", command: [program!, "--import", module, ...rest] };
}

for (const runtime of runtimes) {
  test(`in ${runtime.name} reads files that the system reports as empty`, async (folder) => {
    const version = await Deno.readFile("/proc/version");
    await Deno.writeFile(`${folder}/old`, version);
    await quiet(cli(runtime, ["signature", "--rdiff", "-b", "16", "old", "sig"], folder));
    assertBytes(
      await quiet(cli(runtime, ["signature", "--rdiff", "-b", "16", "/proc/version"], folder)),
      await Deno.readFile(`${folder}/sig`),
      "sig",
    );
    const target = new Uint8Array([...version, ...version]);
    await Deno.writeFile(`${folder}/target`, target);
    await quiet(cli(runtime, ["delta", "sig", "target", "delta"], folder));
    const { copiedBytes } = JSON.parse(
      new TextDecoder().decode(await quiet(cli(runtime, ["info", "--json", "delta"], folder))),
    );
    assert.ok(copiedBytes > 0);
    assertBytes(await quiet(cli(runtime, ["patch", "-q", "/proc/version", "delta"], folder)), target, "made");
    assertBytes(await quiet(shell(runtime, "cli patch -q - delta </proc/version", folder)), target, "made");
    await quiet(cli(runtime, ["delta", "sig", "/proc/version", "other"], folder));
    assertBytes(await quiet(cli(runtime, ["patch", "-q", "old", "other"], folder)), version, "made");
  }, !hasProc);

  test(`in ${runtime.name} makes no file of the name of a folder`, async (folder) => {
    for (const path of ["nodir/", "nodir//", "nodir/."]) {
      await fails(cli(runtime, ["signature", "basis", path], folder), 100, /cannot write nodir\/.*: .*folder/);
    }
    await fails(cli(runtime, ["signature", "basis", "target/"], folder), 100, /not a folder/);
    await fails(cli(runtime, ["signature", "basis/"], folder), 100, /not a folder/);
    await fails(cli(runtime, ["signature", "-f", "basis", "."], folder), 100, /cannot write .: it is a folder/);
    assert.deepEqual(await names(folder), ["basis", "target"]);
  });

  test(`in ${runtime.name} says at the start that a folder cannot be written to, and names it`, async (folder) => {
    await Deno.mkdir(`${folder}/closed`, { mode: 0o555 });
    const process = start(unprivileged(runtime), ["signature", "-", "closed/sig"], folder);
    // Nothing is written to the pipe, and it stays open.
    assert.equal((await process.status).code, 100);
    await process.stdin.close().catch(() => {});
    const refused = /cannot write closed\/sig: permission denied in the folder \/.*\/closed\n/;
    await fails(cli(unprivileged(runtime), ["signature", "basis", "closed/sig"], folder), 100, refused);
    await Deno.mkdir(`${folder}/locked`, { mode: 0o000 });
    await fails(
      cli(unprivileged(runtime), ["signature", "locked/basis"], folder),
      100,
      /cannot open locked\/basis: permission denied by a folder of its path\n/,
    );
    await Deno.chmod(`${folder}/basis`, 0o000);
    await fails(cli(unprivileged(runtime), ["signature", "basis"], folder), 100, /basis: permission denied\n/);
    assert.deepEqual(await names(`${folder}/closed`), []);
  }, !canBeRefused);

  test(`in ${runtime.name} replaces no file in a folder that cannot be written to, and says why`, async (folder) => {
    await Deno.mkdir(`${folder}/closed`);
    await Deno.writeTextFile(`${folder}/closed/sig`, "what was there");
    await Deno.chmod(`${folder}/closed/sig`, 0o666);
    await Deno.chmod(`${folder}/closed`, 0o555);
    await fails(
      cli(unprivileged(runtime), ["signature", "-f", "basis", "closed/sig"], folder),
      100,
      /cannot write closed\/sig: permission denied in the folder .*\/closed, where .* the old one: make the fol/,
    );
    assert.equal(await Deno.readTextFile(`${folder}/closed/sig`), "what was there");
    assert.deepEqual(await names(`${folder}/closed`), ["sig"]);
  }, !canBeRefused);

  test(`in ${runtime.name} writes through a link in a folder that cannot be written to`, async (folder) => {
    await Deno.mkdir(`${folder}/open`);
    await Deno.mkdir(`${folder}/closed`);
    await Deno.symlink("../open/sig", `${folder}/closed/link`);
    await Deno.chmod(`${folder}/closed`, 0o555);
    await quiet(cli(unprivileged(runtime), ["signature", "basis", "closed/link"], folder));
    await quiet(cli(unprivileged(runtime), ["signature", "-f", "basis", "closed/link"], folder));
    assert.deepEqual(await names(`${folder}/open`), ["sig"]);
  }, !canBeRefused);

  test(`in ${runtime.name} writes to its folder if one above may not be entered`, async (folder) => {
    await Deno.mkdir(`${folder}/above/inside`, { recursive: true });
    await Deno.rename(`${folder}/basis`, `${folder}/above/inside/basis`);
    const script = `cd above/inside && chmod 000 .. && "$@"; code=$?; chmod 755 ..; exit $code`;
    const command = (args: string[]) => ["sh", "-c", script, "sh", ...runtime.command, ...args];
    for (const args of [["basis", "sig"], ["-f", "basis", "./sig"]]) {
      const run = { name: runtime.name, command: command(["signature", ...args]) };
      await quiet(cli(unprivileged(run), [], folder));
    }
    assert.deepEqual(await names(`${folder}/above/inside`), ["basis", "sig"]);
  }, !canBeRefused);

  test(`in ${runtime.name} writes to the folder of another, if the group may`, async (folder) => {
    await Deno.mkdir(`${folder}/shared`);
    await Deno.chown(`${folder}/shared`, 65534, Deno.gid());
    await Deno.chmod(`${folder}/shared`, 0o070);
    await quiet(cli(unprivileged(runtime), ["signature", "basis", "shared/sig"], folder));
  }, !isRoot || !canBeRefused);

  test(`in ${runtime.name} leaves nothing when the input fails after the output was opened`, async (folder) => {
    await Deno.writeTextFile(`${folder}/sig`, "no signature");
    await fails(cli(runtime, ["delta", "sig", "target", "delta"], folder), 104, /./);
    await fails(cli(runtime, ["transcode", "sig", "delta", "--to", "librsync"], folder), 104, /./);
    assert.deepEqual(await names(folder), ["basis", "sig", "target"]);
  });
}

const flushless = withFs(`
  const refuse = (...args) => args.at(-1)(Object.assign(new Error("refused"), { code: "EINVAL" }));
  fs.fsync = refuse;`);

test("shows what could not be done for a file that was replaced, but not with -q", async (folder) => {
  await Deno.writeTextFile(`${folder}/sig`, "what was there");
  const { code, stderr } = await cli(flushless!, ["signature", "-f", "basis", "sig"], folder);
  assert.equal(code, 0);
  assert.match(stderr, /^rsync-streams: warning: cannot flush ".*\/sig": [^\n]*EINVAL[^\n]*\n$/);
  await quiet(cli(flushless!, ["signature", "-qf", "basis", "sig"], folder));
}, !flushless);

for (const size of [0, 1000, 149_999, 150_001, 10 ** 9]) {
  const program = withFs(`
    const lie = (stat) => stat.isFile() ? Object.assign(stat, { size: ${size} }) : stat;
    const { fstat } = fs, { stat } = fs.promises;
    fs.fstat = (fd, done) => fstat(fd, (error, stat) => done(error, stat && lie(stat)));
    fs.promises.stat = async (path) => lie(await stat(path));`);

  test(`works where a file is not as long as the system reports: ${size} bytes`, async (folder) => {
    await quiet(cli(program!, ["signature", "--format", "librsync", "-b", "512", "basis", "sig"], folder));
    await quiet(cli(DENO, ["signature", "--format", "librsync", "-b", "512", "basis", "expected"], folder));
    await assertFile(`${folder}/sig`, await Deno.readFile(`${folder}/expected`));
    await quiet(cli(program!, ["delta", "sig", "target", "delta"], folder));
    await quiet(cli(program!, ["patch", "-q", "basis", "delta", "made"], folder));
    await assertFile(`${folder}/made`, TARGET);
  }, !program);
}

const hasScript = Deno.build.os === "linux" &&
  await requireProgram("script", "a delta that is redirected on a terminal");

test("applies a delta that is redirected to it, on a terminal too", async (folder) => {
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "sig", "target", "delta"], folder));
  for (const delta of ["- ", "/dev/stdin"]) {
    const command = `${DENO.command.join(" ")} patch -f basis ${delta} made <delta`;
    const { code, stdout } = await exec(["script", "-qec", command, "/dev/null"], folder);
    assert.equal(code, 0, new TextDecoder().decode(stdout));
    await assertFile(`${folder}/made`, TARGET);
  }
}, !hasScript);

test("takes a basis that has become shorter for too short", async (folder) => {
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "sig", "target", "delta"], folder));
  await Deno.writeFile(`${folder}/basis`, BASIS.subarray(0, 1000));
  await fails(cli(DENO, ["patch", "basis", "delta", "made"], folder), 103, /the basis gave none there/);
  assert.ok(!(await names(folder)).includes("made"));
});
