/** `atomicWritable()` where mode, owner or flush are refused: it warns. */
import assert from "node:assert/strict";
import type nodeFs from "node:fs";
import fs from "node:fs/promises";
import { atomicWritable } from "rsync-streams/files";
import { assertBytes, source } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";
import { codeOf, failFs, folder, isWindows, OLD, replaceFs, writeWithWarnings } from "./_fs.ts";

const SECONDARY_CODES = ["EPERM", "EACCES", "ENOTSUP", "EINVAL", "ENOSYS", "EROFS", "ERR_ACCESS_DENIED"];

Deno.test("atomicWritable() warns where mode and owner cannot be kept", { ignore: isWindows }, async () => {
  await using dir = await folder();
  const path = dir.path("file");
  for (const code of SECONDARY_CODES) {
    await fs.rm(path, { force: true });
    await fs.writeFile(path, OLD, { mode: 0o640 });
    using _fchmod = failFs("fchmod", code);
    using _chmod = failFs("chmod", code);
    const warnings = await writeWithWarnings(path, randomBytes(42, 1000));
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0]!,
      new RegExp(`^Cannot keep the mode of ".*file": the system said ${code}, only its owner`),
    );
    assertBytes(await fs.readFile(path), randomBytes(42, 1000));
    assert.equal((await fs.stat(path)).mode & 0o777, 0o600);

    // The file as if it had another owner.
    using _stat = replaceFs(
      "stat",
      (real) => (path: string, done: (error: Error | null, stat?: nodeFs.Stats) => void) =>
        real(path, (error, stat) => done(error, stat && Object.assign(stat, { uid: 12_345 }))),
    );
    using _fchown = failFs("fchown", code);
    using _chown = failFs("chown", code);
    assert.deepEqual(
      (await writeWithWarnings(path, OLD)).map((warning) => warning.replace(/ of ".*/, "")),
      ["Cannot keep the owner"],
    );
    assertBytes(await fs.readFile(path), OLD);
  }
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() warns of neither owner nor mode of a file that it writes in place", {
  ignore: isWindows,
}, async () => {
  await using dir = await folder();
  const path = dir.path("file");
  await fs.writeFile(path, OLD, { mode: 0o640 });
  // The file as if it had another owner, and neither could be kept.
  using _stat = replaceFs(
    "stat",
    (real) => (path: string, done: (error: Error | null, stat?: nodeFs.Stats) => void) =>
      real(path, (error, stat) => done(error, stat && Object.assign(stat, { uid: 12_345 }))),
  );
  using _fchown = failFs("fchown", "EPERM");
  using _fchmod = failFs("fchmod", "EPERM");
  const words = async () => (await writeWithWarnings(path, OLD)).map((text) => text.replace(/ (of )?".*/, ""));
  assert.deepEqual(await words(), ["Cannot keep the owner", "Cannot keep the mode"]);
  await fs.chmod(path, 0o640);
  using _rename = failFs("rename", "EBUSY");
  assert.deepEqual(await words(), ["Cannot rename over"]);
});

Deno.test("atomicWritable() sets the mode by path where Node's --permission refuses descriptors", {
  ignore: isWindows,
}, async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD, { mode: 0o640 });
  using _ = failFs("fchmod", "ERR_ACCESS_DENIED");
  assert.deepEqual(await writeWithWarnings(dir.path("file"), randomBytes(43, 10)), []);
  assert.equal((await fs.stat(dir.path("file"))).mode & 0o777, 0o640);
});

Deno.test("atomicWritable() sets no mode that a file has already", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD, { mode: 0o600 });
  using _ = failFs("fchmod", "EPERM");
  assert.deepEqual(await writeWithWarnings(dir.path("file"), randomBytes(44, 10)), []);
});

Deno.test("atomicWritable() warns where a file cannot be flushed, and fails where flushing fails", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  for (const code of ["EINVAL", "ENOTSUP", "ENOSYS", "EBADF", "EROFS", "ERR_ACCESS_DENIED", "os error 38"]) {
    using _ = failFs("fsync", code);
    const warnings = await writeWithWarnings(path, randomBytes(45, 1000));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^Cannot flush ".*file": the system said E[A-Z_]+, a power cut soon afterwards/);
    assertBytes(await fs.readFile(path), randomBytes(45, 1000));
    assert.deepEqual(await writeWithWarnings(path, OLD, false), []);
  }
  for (const code of ["EIO", "ENOSPC", "EDQUOT"]) {
    using _ = failFs("fsync", code);
    assert.equal(await codeOf(writeWithWarnings(path, randomBytes(46, 1000))), code);
    assertBytes(await fs.readFile(path), OLD);
  }
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() has the file in place when a warning is reported, whatever the callback does", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  using _fsync = failFs("fsync", "EINVAL");
  using _rename = failFs("rename", "EBUSY");
  const reason = new Error("no warnings, please");
  const onWarning = () => {
    throw reason;
  };
  const writing = source(randomBytes(55, 10)).pipeTo(atomicWritable(dir.path("file"), { onWarning }));
  await assert.rejects(writing, (error) => error === reason);
  assertBytes(await fs.readFile(dir.path("file")), randomBytes(55, 10));
  assert.deepEqual(await dir.names(), ["file"]);
  // @ts-expect-error: the wrong type
  assert.throws(() => atomicWritable(dir.path("file"), { onWarning: 1 }), TypeError);
});
