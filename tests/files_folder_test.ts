/** `atomicWritable()`: the folder of the file, links, names, modes, and what killed processes left. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fs from "node:fs/promises";
import { dirname } from "node:path";
import { atomicWritable } from "rsync-streams/files";
import { assertBytes, source } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";
import { codeOf, failFs, folder, hasProc, isWindows, OLD, replaceFs, systemFailure } from "./_fs.ts";

Deno.test("atomicWritable() opens its temporary file at an empty chunk, or names the folder", async () => {
  await using dir = await folder();
  const writer = atomicWritable(dir.path("file")).getWriter();
  await writer.write(new Uint8Array(0));
  assert.equal((await dir.names()).length, 1);
  await writer.abort();
  assert.deepEqual(await dir.names(), []);

  for (const code of ["EACCES", "EPERM", "EROFS"]) {
    using _ = failFs("open", code);
    const refused = atomicWritable(dir.path("file")).getWriter();
    refused.closed.catch(() => {});
    const error = await refused.write(new Uint8Array(0)).then(() => assert.fail("it was opened"), (error) => error);
    assert.equal(error.code, code);
    assert.equal(error.path, dirname(dir.path("file")));
    assert.match(error.message, new RegExp(`^Cannot create a file in the folder ".*": the system said ${code}, `));
    assert.equal(error.cause.code, code);
  }
});

Deno.test("atomicWritable() says that a folder is missing", async () => {
  await using dir = await folder();
  const error = await source(OLD).pipeTo(atomicWritable(dir.path("none/file"))).catch((error) => error);
  assert.equal(error.code, "ENOENT");
  assert.match(error.message, /^Cannot create a file in the folder ".*none": the system said ENOENT, it must exist$/);
});

Deno.test("atomicWritable() replaces no file in place if its folder cannot be written to, and says so", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  using _ = failFs("open", "EACCES");
  const error = await source(randomBytes(7, 10)).pipeTo(atomicWritable(dir.path("file"))).catch((error) => error);
  assert.equal(error.code, "EACCES");
  assert.match(error.message, /it must be writable, also to replace a file in it$/);
  assertBytes(await fs.readFile(dir.path("file")), OLD);
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() shows no control characters of a name in its messages", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.mkdir(dir.path("\x1b[31m\x9b\u202e"));
  using _ = failFs("open", "EACCES");
  const writing = source(OLD).pipeTo(atomicWritable(dir.path("\x1b[31m\x9b\u202e/file")));
  const { message } = await writing.then(() => assert.fail("it was opened"), (error) => error);
  assert.match(message, /"[^"]*\/\\u001b\[31m\\u009b\\u202e"/);
});

Deno.test("atomicWritable() needs no right but to the folder of the file", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.mkdir(dir.path("read-only"));
  await fs.mkdir(dir.path("writable"));
  await fs.writeFile(dir.path("writable/file"), OLD);
  await fs.symlink("../writable/file", dir.path("read-only/link"));
  await fs.symlink("../writable/new", dir.path("read-only/dangling"));
  await fs.chmod(dir.path("read-only"), 0o555);
  // What Deno without --allow-sys and Node with --permission refuse.
  const refuse = (...args: unknown[]) => (args.at(-1) as (error: Error) => void)(systemFailure("EACCES"));
  using _access = replaceFs("access", () => refuse);
  using _realpath = replaceFs("realpath", () => refuse);
  // For root, to whom all folders are writable.
  using _open = replaceFs("open", (real) => (path: string, ...args: unknown[]) => {
    if (dirname(path) === dir.path("read-only")) refuse(...args);
    else (real as (...args: unknown[]) => void)(path, ...args);
  });
  for (const [link, name] of [["link", "file"], ["dangling", "new"]] as const) {
    await source(randomBytes(41, 10)).pipeTo(atomicWritable(dir.path(`read-only/${link}`)));
    assertBytes(await fs.readFile(dir.path(`writable/${name}`)), randomBytes(41, 10));
  }
  assert.deepEqual((await fs.readdir(dir.path("writable"))).sort(), ["file", "new"]);
  await fs.chmod(dir.path("read-only"), 0o755);
});

Deno.test("atomicWritable() follows links as the system does", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.mkdir(dir.path("a"));
  await fs.mkdir(dir.path("a/b"));
  await fs.symlink("a/b", dir.path("link"));
  await fs.symlink("link/../through", dir.path("through"));
  // The parent of link is a, not the folder that link is in.
  await source(OLD).pipeTo(atomicWritable(`${dir.path("link")}/../file`));
  await source(OLD).pipeTo(atomicWritable(dir.path("through")));
  assert.deepEqual((await fs.readdir(dir.path("a"))).sort(), ["b", "file", "through"]);
  assert.deepEqual(await dir.names(), ["a", "link", "through"]);
  await fs.symlink("loop", dir.path("loop"));
  assert.equal(await codeOf(source(OLD).pipeTo(atomicWritable(dir.path("loop")))), "ELOOP");
});

Deno.test("atomicWritable() follows 40 links and no more, as the system does", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("0"), OLD);
  for (let i = 1; i <= 41; i++) await fs.symlink(`${i - 1}`, dir.path(`${i}`));
  const target = new TextEncoder().encode("new");
  assert.equal(await codeOf(fs.stat(dir.path("41"))), "ELOOP");
  assert.equal(await codeOf(source(target).pipeTo(atomicWritable(dir.path("41")))), "ELOOP");
  assert.deepEqual(await fs.readFile(dir.path("0")), Buffer.from(OLD));
  await source(target).pipeTo(atomicWritable(dir.path("40")));
  assert.equal(await fs.readFile(dir.path("0"), "utf8"), "new");
  for (let i = 1; i <= 41; i++) assert.equal(await fs.readlink(dir.path(`${i}`)), `${i - 1}`);
});

Deno.test("atomicWritable() makes no file of a name that ends like that of a folder", async () => {
  await using dir = await folder();
  for (const name of ["missing/", "missing//", "missing/."]) {
    assert.equal(await codeOf(source(OLD).pipeTo(atomicWritable(dir.path("") + name))), "ENOENT");
  }
  await fs.writeFile(dir.path("file"), OLD);
  await assert.rejects(source(OLD).pipeTo(atomicWritable(dir.path("") + "file/")));
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() appends to an open stream, also through a link to it", { ignore: !hasProc }, async () => {
  await using dir = await folder();
  await using log = await fs.open(dir.path("log"), "a");
  await log.write("first,");
  await fs.symlink(`/proc/self/fd/${log.fd}`, dir.path("link"));
  await source(OLD).pipeTo(atomicWritable(`/proc/self/fd/${log.fd}`));
  await log.write(",then,");
  await source(OLD).pipeTo(atomicWritable(dir.path("link")));
  const old = new TextDecoder().decode(OLD);
  assert.equal(await fs.readFile(dir.path("log"), "utf8"), `first,${old},then,${old}`);
  assert.deepEqual(await dir.names(), ["link", "log"]);
});

Deno.test("atomicWritable() removes what killed processes left behind for the same file, no more", async () => {
  await using dir = await folder();
  const dead = 2 ** 22 + 12_345;
  const kept = [
    // Another file's, one that may be in use, one of a process that runs, one that is the only good copy, and others.
    `.other.rsync-streams-${dead}-abc.tmp`,
    `.file.rsync-streams-${dead}-young.tmp`,
    `.file.rsync-streams-${process.ppid}-abc.tmp`,
    `.file.rsync-streams-${dead}-abc.complete`,
    `.file.rsync-streams-notes.tmp`,
    `.file.rsync-streams-${dead}-abc.tmp.txt`,
    `.file.abc.tmp`,
  ];
  // The second: this process began later than that was written.
  const removed = [`.file.rsync-streams-${dead}-abc.tmp`, `.file.rsync-streams-${process.pid}-abc.tmp`];
  const hoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const name of [...kept, ...removed]) {
    await fs.writeFile(dir.path(name), OLD);
    if (!name.includes("young")) await fs.utimes(dir.path(name), hoursAgo, hoursAgo);
  }
  // A search that was slow puts off the next one.
  for (let i = 0; i < 100 && (await dir.names()).includes(removed[0]!); i++) {
    await source(OLD).pipeTo(atomicWritable(dir.path("file")));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(await dir.names(), [...kept, "file"].sort());
});

Deno.test("atomicWritable() removes at once what a dead process of this machine left behind", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using dir = await folder();
  const writer = atomicWritable(dir.path("file")).getWriter();
  await writer.write(new Uint8Array(0));
  // Seven letters for the run of this machine and its container, then a random word.
  const [, space] = new RegExp(`^\\.file\\.rsync-streams-${process.pid}-([0-9a-z]{7})[0-9a-z]+\\.tmp$`)
    .exec((await dir.names())[0]!)!;
  await writer.abort();
  const dead = 2 ** 22 + 12_345;
  const other = space === "0000000" ? "1111111" : "0000000";
  const [left, kept] = [space, other].map((space) => `.file.rsync-streams-${dead}-${space}abc.tmp`) as [string, string];
  for (const name of [left, kept]) await fs.writeFile(dir.path(name), OLD);
  // A search that was slow puts off the next one.
  for (let i = 0; i < 100 && (await dir.names()).includes(left); i++) {
    await source(OLD).pipeTo(atomicWritable(dir.path("file")));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(await dir.names(), [kept, "file"]);
});

Deno.test("atomicWritable() keeps the mode of the file that it replaces", { ignore: isWindows }, async () => {
  await using dir = await folder();
  const path = dir.path("file");
  for (const mode of [0o640, 0o600, 0o777, 0o444]) {
    await fs.writeFile(path, OLD);
    await fs.chmod(path, mode);
    await source(randomBytes(8, 10)).pipeTo(atomicWritable(path));
    assert.equal((await fs.stat(path)).mode & 0o7777, mode);
    assertBytes(await fs.readFile(path), randomBytes(8, 10));
    await fs.rm(path);
  }
});

Deno.test("atomicWritable() replaces what a symbolic link points to", { ignore: isWindows }, async () => {
  await using dir = await folder();
  await fs.mkdir(dir.path("real"));
  await fs.writeFile(dir.path("real/file"), OLD);
  await fs.symlink("real/file", dir.path("link"));
  await fs.symlink("link", dir.path("second"));
  await fs.symlink("real/missing", dir.path("dangling"));

  await source(randomBytes(9, 10)).pipeTo(atomicWritable(dir.path("second")));
  assertBytes(await fs.readFile(dir.path("real/file")), randomBytes(9, 10));
  await source(randomBytes(10, 10)).pipeTo(atomicWritable(dir.path("dangling")));
  assertBytes(await fs.readFile(dir.path("real/missing")), randomBytes(10, 10));

  assert.equal(await fs.readlink(dir.path("second")), "link");
  assert.equal(await fs.readlink(dir.path("dangling")), "real/missing");
  assert.deepEqual(await fs.readdir(dir.path("real")), ["file", "missing"]);
  assert.deepEqual(await dir.names(), ["dangling", "link", "real", "second"]);
});
