/** What `rsync-streams/files` asks of the system, call by call: order, flags, modes, short writes, failures. */
import assert from "node:assert/strict";
import nodeFs from "node:fs";
import fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { assertBytes, source, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";

const { O_APPEND, O_WRONLY } = nodeFs.constants;
const isWindows = process.platform === "win32";
const BYTES = randomBytes(1, 100_000);
const OLD = randomBytes(2, 50_000);

type Call = (...args: unknown[]) => unknown;
type Done = (error: Error | null, result?: unknown) => void;

/** Every function of `node:fs` that files are changed with. */
const NAMES = ["open", "write", "fsync", "close", "rename", "unlink", "fchmod", "fchown", "ftruncate"] as const;
type Name = typeof NAMES[number];

/** What happens in place of a call: an error, or another result. Undefined leaves it as it is. */
type Change = (name: Name, args: unknown[], real: Call) => Error | "done" | void;

/** A folder of its own, and the calls of `node:fs` until the end of a scope: names and what is known of descriptors. */
async function watchFs(change: Change = () => {}) {
  const root = await fs.realpath(await fs.mkdtemp(join(tmpdir(), "rsync-streams-test-")));
  const calls: string[] = [];
  const modes: unknown[] = [];
  const opened = new Map<unknown, string>();
  const reals = Object.fromEntries(NAMES.map((name) => [name, nodeFs[name] as Call]));
  const nameOf = (path: unknown) => {
    if (path === root) return "folder";
    return String(path).endsWith(".tmp") ? "temporary" : String(path).slice(root.length + 1);
  };
  const fields = nodeFs as unknown as Record<string, Call>;
  for (const name of NAMES) {
    fields[name] = (...args) => {
      const subject = typeof args[0] === "number" ? opened.get(args[0]) : nameOf(args[0]);
      // Others may use files at the same time: the loader of modules, another test.
      const isOurs = subject !== undefined && (typeof args[0] === "number" || String(args[0]).startsWith(root));
      if (!isOurs) return reals[name]!(...args);
      calls.push(name === "rename" ? `rename ${subject} to ${nameOf(args[1])}` : `${name} ${subject}`);
      if (name === "open" && subject === "temporary") modes.push(args[1], args[2]);
      if (name === "fchmod") modes.push(args[1]);
      const done = args.at(-1) as Done;
      const changed = change(name, args, reals[name]!);
      if (changed === "done") return;
      if (changed) return done(changed);
      if (name === "close") opened.delete(args[0]);
      if (name !== "open") return reals[name]!(...args);
      return reals[name]!(
        ...args.slice(0, -1),
        ((error, fd) => {
          if (!error) opened.set(fd, subject);
          done(error, fd);
        }) as Done,
      );
    };
  }
  return {
    calls,
    modes,
    /** Names of files that are open. */
    opened: () => [...opened.values()],
    path: (name: string) => join(root, name),
    names: async () => (await fs.readdir(root)).sort(),
    async [Symbol.asyncDispose]() {
      Object.assign(nodeFs, reals);
      await fs.rm(root, { recursive: true });
    },
  };
}

const failure = (code: string) => Object.assign(new Error(`${code}: injected by a test`), { code });

/** Calls, each once where the same one follows itself. */
function steps(calls: readonly string[]): string[] {
  return calls.filter((call, i) => call !== calls[i - 1]);
}

Deno.test("a new file is written, flushed, closed, renamed, and its folder flushed, in this order", async () => {
  await using watched = await watchFs();
  await source(BYTES, 30_000).pipeTo(atomicWritable(watched.path("file")));
  assert.deepEqual(steps(watched.calls), [
    "open temporary",
    "write temporary",
    "fsync temporary",
    "close temporary",
    "rename temporary to file",
    "open folder",
    "fsync folder",
    "close folder",
  ]);
  assert.deepEqual(watched.modes, ["wx", 0o666]);
  assert.deepEqual(watched.opened(), []);
});

Deno.test("a file that is replaced stays private until it has its mode, which is flushed too", {
  ignore: isWindows,
}, async () => {
  await using watched = await watchFs();
  await fs.writeFile(watched.path("file"), OLD);
  await fs.chmod(watched.path("file"), 0o640);
  await source(BYTES, 30_000).pipeTo(atomicWritable(watched.path("file")));
  assert.deepEqual(steps(watched.calls), [
    "open temporary",
    "write temporary",
    "fchmod temporary",
    "fsync temporary",
    "close temporary",
    "rename temporary to file",
    "open folder",
    "fsync folder",
    "close folder",
  ]);
  assert.deepEqual(watched.modes, ["wx", 0o600, 0o640]);
});

Deno.test("without sync nothing is flushed, and all else is the same", async () => {
  await using watched = await watchFs();
  await source(BYTES, 30_000).pipeTo(atomicWritable(watched.path("file"), { sync: false }));
  assert.deepEqual(steps(watched.calls), [
    "open temporary",
    "write temporary",
    "close temporary",
    "rename temporary to file",
  ]);
});

/** Replaces the owner that the system reports of a path until the end of a scope: another user's file. */
function ownedByOther(path: string): Disposable {
  const real = nodeFs.stat;
  const fields = nodeFs as unknown as Record<string, Call>;
  fields.stat = (...args) => {
    const done = args.pop() as Done;
    return (real as unknown as Call)(
      ...args,
      ((error, stat) => {
        const other = args[0] === path && stat ? Object.assign(stat, { uid: 12_345, gid: 23_456 }) : stat;
        done(error, other);
      }) as Done,
    );
  };
  return { [Symbol.dispose]: () => void (fields.stat = real as unknown as Call) };
}

for (const mayGive of [true, false]) {
  const title = mayGive ? "keeps set-user-ID where the owner is kept" : "drops set-user-ID where the owner is lost";
  Deno.test(`a file that is replaced ${title}, and asks for owner, then group`, { ignore: isWindows }, async () => {
    const asked: unknown[][] = [];
    // As for somebody who is not root: the system refuses to give a file away.
    await using watched = await watchFs((name, args) => {
      if (name !== "fchown") return;
      asked.push(args.slice(1, 3));
      if (!mayGive) return failure("EPERM");
      (args.at(-1) as Done)(null);
      return "done";
    });
    const path = watched.path("file");
    await fs.writeFile(path, OLD);
    await fs.chmod(path, 0o4755);
    using _ = ownedByOther(path);
    const warnings: string[] = [];
    const options = { onWarning: ({ message }: Error) => void warnings.push(message) };
    await source(BYTES).pipeTo(atomicWritable(path, options));
    const own = [process.getuid!(), 23_456];
    assert.deepEqual(asked, mayGive ? [[12_345, 23_456]] : [[12_345, 23_456], own]);
    assert.equal(watched.modes.at(-1), mayGive ? 0o4755 : 0o755);
    assert.equal((await fs.stat(path)).mode & 0o7777, mayGive ? 0o4755 : 0o755);
    assert.equal(warnings.length, mayGive ? 0 : 1);
  });
}

Deno.test("short writes are gone on with where they ended", async () => {
  const lengths: unknown[] = [];
  await using watched = await watchFs((name, args, real) => {
    if (name !== "write") return;
    const [fd, bytes, at, length, place, done] = args as [number, Uint8Array, number, number, number | null, Done];
    lengths.push(length);
    real(fd, bytes, at, Math.min(length, 777), place, done);
    return "done";
  });
  await source(BYTES, 5_000).pipeTo(atomicWritable(watched.path("file")));
  assertBytes(await fs.readFile(watched.path("file")), BYTES);
  assert.deepEqual(lengths.slice(0, 4), [5_000, 4_223, 3_446, 2_669]);
});

for (const name of ["open", "write", "fsync", "rename"] as const) {
  Deno.test(`a ${name} that fails leaves the old file, nothing else, and nothing open`, async () => {
    const error = failure("EIO");
    await using watched = await watchFs((called, args) => {
      if (called === name && !String(args[0]).endsWith("folder")) return error;
    });
    await fs.writeFile(watched.path("file"), OLD);
    assert.equal(await source(BYTES).pipeTo(atomicWritable(watched.path("file"))).catch((e) => e), error);
    assertBytes(await fs.readFile(watched.path("file")), OLD);
    assert.deepEqual(await watched.names(), ["file"]);
    assert.deepEqual(watched.opened(), []);
  });
}

Deno.test("a temporary file of another is not written to", async () => {
  const random = crypto.getRandomValues;
  crypto.getRandomValues = (array) => (array as unknown as Uint32Array).fill(7) as never;
  try {
    await using watched = await watchFs();
    await atomicWritable(watched.path("file")).abort();
    const first = atomicWritable(watched.path("file")).getWriter();
    await first.write(BYTES);
    const second = atomicWritable(watched.path("file")).getWriter();
    const error = await second.write(OLD).catch((error) => error);
    assert.equal(error.code, "EEXIST");
    await second.closed.catch(() => {});
    await first.close();
    assertBytes(await fs.readFile(watched.path("file")), BYTES);
  } finally {
    crypto.getRandomValues = random;
  }
});

Deno.test("an open stream that is a file is appended to, others are written", { ignore: isWindows }, async () => {
  const flags: unknown[] = [];
  const real = nodeFs.open as unknown as Call;
  const fields = nodeFs as unknown as Record<string, Call>;
  fields.open = (...args) => {
    if (String(args[0]).startsWith("/dev/")) flags.push(args[1]);
    return real(...args);
  };
  const folder = await fs.mkdtemp(join(tmpdir(), "rsync-streams-test-"));
  const file = await Deno.open(join(folder, "log"), { create: true, write: true, read: true });
  try {
    await source(BYTES).pipeTo(atomicWritable("/dev/null"));
    assert.deepEqual(flags, [O_WRONLY]);
    const link = (await fs.readdir("/proc/self/fd").catch(() => [])).map((fd) => `/dev/fd/${fd}`);
    for (const path of link) {
      if (await fs.realpath(path).catch(() => "") !== join(folder, "log")) continue;
      await fs.writeFile(join(folder, "log"), OLD);
      await source(BYTES).pipeTo(atomicWritable(path));
      assert.equal(flags.at(-1), O_WRONLY | O_APPEND);
      assert.equal((await fs.stat(join(folder, "log"))).size, OLD.length + BYTES.length);
    }
  } finally {
    fields.open = real;
    file.close();
    await fs.rm(folder, { recursive: true });
  }
});

Deno.test("closing waits for the reads under way, and closes once", async () => {
  const ends: (() => void)[] = [];
  const read = nodeFs.read as unknown as Call;
  const fields = nodeFs as unknown as Record<string, Call>;
  await using watched = await watchFs();
  await fs.writeFile(watched.path("file"), BYTES);
  const basis = await fileBasis(watched.path("file"));
  fields.read = (...args) => void ends.push(() => read(...args));
  try {
    const reading = basis.read(10, 20);
    const closing = [basis.close(), basis.close()];
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(watched.calls.filter((call) => call.startsWith("close")).length, 0);
    await assert.rejects(basis.read(0, 1), TypeError);
    for (const end of ends) end();
    assertBytes(await reading, BYTES.subarray(10, 30));
    await Promise.all(closing);
    assert.equal(watched.calls.filter((call) => call.startsWith("close")).length, 1);
  } finally {
    fields.read = read;
  }
});

Deno.test("a read that was short gives no bytes that were not read, and the file is closed at its end", async () => {
  const read = nodeFs.read as unknown as Call;
  const fields = nodeFs as unknown as Record<string, Call>;
  await using watched = await watchFs();
  await fs.writeFile(watched.path("file"), BYTES);
  fields.read = (fd, bytes, at, length, ...rest) => read(fd, bytes, at, Math.min(length as number, 33_333), ...rest);
  try {
    assertBytes(await toBytes(fileReadable(watched.path("file"))), BYTES);
    assert.deepEqual(watched.opened(), []);
    const early = fileReadable(watched.path("file"));
    for await (const chunk of early) {
      assert.equal(chunk.length, 33_333);
      break;
    }
    assert.deepEqual(watched.opened(), []);
  } finally {
    fields.read = read;
  }
});

Deno.test("a file that cannot be looked at is closed again", async () => {
  const real = nodeFs.fstat as unknown as Call;
  const fields = nodeFs as unknown as Record<string, Call>;
  await using watched = await watchFs();
  await fs.writeFile(watched.path("file"), BYTES);
  const error = failure("EIO");
  fields.fstat = (...args) => (args.at(-1) as Done)(error);
  try {
    assert.equal(await fileBasis(watched.path("file")).catch((e) => e), error);
    assert.equal(await toBytes(fileReadable(watched.path("file"))).catch((e: unknown) => e), error);
    assert.deepEqual(watched.opened(), []);
  } finally {
    fields.fstat = real;
  }
});
