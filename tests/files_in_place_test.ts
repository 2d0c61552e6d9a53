/** `atomicWritable()` where a file cannot be renamed, and is written in place. */
import assert from "node:assert/strict";
import nodeFs from "node:fs";
import fs from "node:fs/promises";
import { atomicWritable } from "rsync-streams/files";
import { assertBytes, source } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";
import {
  codeOf,
  failFs,
  failInPlace,
  folder,
  isWindows,
  MIB,
  OLD,
  openPaths,
  replaceFs,
  systemFailure,
  writeWithWarnings,
} from "./_fs.ts";

const RENAME_CODES = ["EBUSY", "EXDEV", "EPERM", "EACCES", "EEXIST", "EINVAL", "ENOTSUP", "ENOSYS", "os error 38"];

Deno.test("atomicWritable() writes in place where a file cannot be renamed", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  const old = randomBytes(47, 2 * MIB + 3);
  for (const [i, code] of RENAME_CODES.entries()) {
    for (const bytes of [randomBytes(48, 3 * MIB + 9), randomBytes(49, MIB + 9), new Uint8Array(0)]) {
      await fs.writeFile(path, old);
      const { ino } = await fs.stat(path);
      using _ = failFs("rename", code);
      const warnings = await writeWithWarnings(path, bytes, i % 2 === 0);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /^Cannot rename over ".*file": the system said E[A-Z]+, it was written in place/);
      assertBytes(await fs.readFile(path), bytes);
      assert.equal((await fs.stat(path)).ino, ino);
      assert.deepEqual(await dir.names(), ["file"]);

      // A file that did not exist.
      assert.equal((await writeWithWarnings(dir.path("new"), bytes)).length, 1);
      assertBytes(await fs.readFile(dir.path("new")), bytes);
      await fs.rm(dir.path("new"));
    }
  }
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("atomicWritable() goes on where a short write in place has ended", async () => {
  await using dir = await folder();
  const bytes = randomBytes(52, MIB + 9);
  // Behind the old end, and over it.
  for (const oldLength of [0, 500_000, 2 * MIB]) {
    await fs.writeFile(dir.path("file"), randomBytes(53, oldLength));
    using _rename = failFs("rename", "EBUSY");
    using _write = replaceFs("write", (real) => (...args: unknown[]) => {
      args[3] = Math.min(args[3] as number, 100_000);
      (real as (...args: unknown[]) => void)(...args);
    });
    await writeWithWarnings(dir.path("file"), bytes);
    assertBytes(await fs.readFile(dir.path("file")), bytes);
  }
});

Deno.test("atomicWritable() is done once the copy is removed that it has written in place", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  using _rename = failFs("rename", "EBUSY");
  let removed = 0;
  using _unlink = replaceFs("unlink", (real) => (...args: unknown[]) => {
    const done = args.pop() as (...result: unknown[]) => void;
    setTimeout(() => {
      (real as (...args: unknown[]) => void)(...args, (...result: unknown[]) => {
        removed++;
        done(...result);
      });
    }, 5);
  });
  await writeWithWarnings(dir.path("file"), randomBytes(50, 10));
  assert.equal(removed, 1);
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() writes nothing in place before its bytes are on the disk", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  const steps: string[] = [];
  using _rename = failFs("rename", "EBUSY");
  const note = <K extends "open" | "write" | "fsync">(name: K) =>
    replaceFs(name, (real) => (...args: unknown[]) => {
      steps.push(name === "open" ? `open ${String(args[0]).replace(/.*\.(?=\w+$)/s, "").slice(-4)}` : name);
      (real as (...args: unknown[]) => void)(...args);
    });
  using _open = note("open");
  using _write = note("write");
  using _fsync = note("fsync");
  await writeWithWarnings(dir.path("file"), randomBytes(50, 10), false);
  const opened = steps.findLastIndex((step) => step === "open file");
  const flushed = steps.indexOf("fsync", opened);
  const written = steps.indexOf("write", opened);
  assert.ok(opened > 0 && flushed > opened && written > flushed && steps.lastIndexOf("fsync") > written, steps.join());
});

Deno.test("atomicWritable() leaves the old file where a rename is refused and there is no space in place", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  await fs.writeFile(path, OLD);
  for (const failing of ["write", "fsync"] as const) {
    using _rename = failFs("rename", "EBUSY");
    using _failing = failInPlace(failing, path, "ENOSPC");
    const writing = source(randomBytes(51, 200_000)).pipeTo(atomicWritable(path, { sync: false }));
    assert.equal(await codeOf(writing), "ENOSPC");
    assertBytes(await fs.readFile(path), OLD);
    assert.deepEqual(await dir.names(), ["file"]);
  }
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("atomicWritable() keeps all bytes and says where if it fails while it writes in place", async () => {
  await using dir = await folder();
  const path = dir.path("file");
  const bytes = randomBytes(52, 200_000);
  // The first flush is that of the bytes past the old end.
  for (const [failing, after] of [["write", 0], ["fsync", 1], ["ftruncate", 0]] as const) {
    await fs.writeFile(path, randomBytes(53, 300_000));
    const error = await (async () => {
      using _rename = replaceFs(
        "rename",
        (real) => (from: string, to: string, done: (error?: Error | null) => void) => {
          if (to === path) done(systemFailure("EBUSY"));
          else real(from, to, done);
        },
      );
      using _failing = failInPlace(failing, path, "EIO", after);
      return await source(bytes).pipeTo(atomicWritable(path)).then(
        () => assert.fail("it was written"),
        (error) => error,
      );
    })();
    assert.equal(error.code, "EIO");
    const [kept, ...others] = (await dir.names()).filter((name) => name !== "file");
    assert.deepEqual(others, []);
    assert.match(kept!, /^\.file\.rsync-streams-\d+-[0-9a-z]+\.complete$/);
    assert.ok(error.message.includes(kept), error.message);
    assertBytes(await fs.readFile(dir.path(kept!)), bytes);
    await fs.rm(dir.path(kept!));
  }
  assert.deepEqual(await openPaths(dir.path("")), []);
});

Deno.test("atomicWritable() passes a refused rename on where the file cannot be written in place", async () => {
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  using _rename = failFs("rename", "EPERM");
  using _open = replaceFs("open", (real) => (path: string, ...args: unknown[]) => {
    if (path === dir.path("file")) (args.at(-1) as (error: Error) => void)(systemFailure("EACCES"));
    else (real as (...args: unknown[]) => void)(path, ...args);
  });
  assert.equal(await codeOf(source(randomBytes(54, 10)).pipeTo(atomicWritable(dir.path("file")))), "EPERM");
  using _ = failFs("rename", "EIO");
  assert.equal(await codeOf(source(randomBytes(54, 10)).pipeTo(atomicWritable(dir.path("file")))), "EIO");
  assertBytes(await fs.readFile(dir.path("file")), OLD);
  assert.deepEqual(await dir.names(), ["file"]);
});

Deno.test("atomicWritable() follows no link that took the place of a file, to write in place", async () => {
  if (isWindows) return; // where only some users may make links
  await using dir = await folder();
  await fs.writeFile(dir.path("file"), OLD);
  await fs.writeFile(dir.path("other"), OLD);
  using _ = replaceFs("rename", () => (_from: string, _to: string, done: (error: Error) => void) => {
    nodeFs.unlinkSync(dir.path("file"));
    nodeFs.symlinkSync("other", dir.path("file"));
    done(systemFailure("EPERM"));
  });
  assert.equal(await codeOf(source(randomBytes(55, 10)).pipeTo(atomicWritable(dir.path("file")))), "EPERM");
  assertBytes(await fs.readFile(dir.path("other")), OLD);
  assert.deepEqual(await dir.names(), ["file", "other"]);
});
