/** What `rsync-streams/files` asks of the system, call by call: order, flags, modes, short writes, failures. */
import assert from "node:assert/strict";
import nodeFs from "node:fs";
import fs from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { concat, randomBytes } from "../_recipes.ts";
import {
  assertFile,
  assertSame,
  type Call,
  type Done,
  failure,
  failureOf,
  replacing,
  source,
  steps,
  watching,
} from "./_watch_fs.ts";

const { O_APPEND, O_WRONLY } = nodeFs.constants;
const BYTES = randomBytes(1, 100_000);
const OLD = randomBytes(2, 50_000);

/** Does something while the system reports another user as the owner of a path. */
function ownedByOther(path: string, work: () => Promise<void>): Promise<void> {
  return replacing("stat", (real) => (...args) => {
    const done = args.pop() as Done;
    return real(
      ...args,
      ((error, stat) => {
        const other = args[0] === path && stat ? Object.assign(stat, { uid: 12_345, gid: 23_456 }) : stat;
        done(error, other);
      }) as Done,
    );
  }, work);
}

/** A file that is replaced, as the system lets its owner be kept or not: as for root, and for others. */
async function replaceOfOther(mayGive: boolean): Promise<void> {
  const asked: unknown[][] = [];
  await watching(async (watched) => {
    const path = watched.path("file");
    await fs.writeFile(path, OLD);
    await fs.chmod(path, 0o4755);
    const warnings: string[] = [];
    const options = { onWarning: ({ message }: Error) => void warnings.push(message) };
    await ownedByOther(path, () => source(BYTES).pipeTo(atomicWritable(path, options)));
    const own = [process.getuid!(), 23_456];
    assert.deepEqual(asked, mayGive ? [[12_345, 23_456]] : [[12_345, 23_456], own]);
    assert.equal(watched.modes.at(-1), mayGive ? 0o4755 : 0o755);
    assert.equal((await fs.stat(path)).mode & 0o7777, mayGive ? 0o4755 : 0o755);
    assert.equal(warnings.length, mayGive ? 0 : 1);
  }, (name, args) => {
    if (name !== "fchown") return;
    asked.push(args.slice(1, 3));
    if (!mayGive) return failure("EPERM");
    (args.at(-1) as Done)(null);
    return "done";
  });
}

/** A call that fails while a file is replaced. */
async function failingCall(name: "open" | "write" | "fsync" | "rename"): Promise<void> {
  const error = failure("EIO");
  await watching(async (watched) => {
    await fs.writeFile(watched.path("file"), OLD);
    assert.equal(await failureOf(source(BYTES).pipeTo(atomicWritable(watched.path("file")))), error);
    await assertFile(watched.path("file"), OLD);
    assert.deepEqual(await watched.names(), ["file"]);
    assert.deepEqual(watched.opened(), []);
  }, (called) => called === name ? error : undefined);
}

/** Each case has a folder of its own. */
export const CASES: Record<string, () => Promise<void>> = {
  "a new file is written, flushed, closed, renamed, and its folder flushed, in this order": () =>
    watching(async (watched) => {
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
    }),

  "a file that is replaced stays private until it has its mode, which is flushed too": () =>
    watching(async (watched) => {
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
    }),

  "without sync nothing is flushed, and all else is the same": () =>
    watching(async (watched) => {
      await source(BYTES, 30_000).pipeTo(atomicWritable(watched.path("file"), { sync: false }));
      assert.deepEqual(steps(watched.calls), [
        "open temporary",
        "write temporary",
        "close temporary",
        "rename temporary to file",
      ]);
    }),

  "where a rename is refused, what goes behind the old content is on the disk before that is overwritten": async () => {
    const done: string[] = [];
    let isRefused = false;
    await watching(async (watched) => {
      await fs.writeFile(watched.path("file"), OLD);
      await source(BYTES, 30_000).pipeTo(atomicWritable(watched.path("file")));
      await assertFile(watched.path("file"), BYTES);
      // The first is that of the folder, which has the complete file under another name.
      assert.deepEqual(steps(done).slice(0, 5), ["fsync", "write behind", "fsync", "write over", "fsync"]);
      assert.deepEqual(await watched.names(), ["file"]);
      assert.deepEqual(watched.opened(), []);
    }, (name, args) => {
      if (name === "rename") {
        isRefused = true;
        return failure("EBUSY");
      }
      if (isRefused && name === "fsync") done.push("fsync");
      if (isRefused && name === "write") done.push(Number(args[4]) >= OLD.length ? "write behind" : "write over");
    });
  },

  "a read asks the system for 1 GiB at most, and for all of a shorter buffer": async () => {
    const lengths: unknown[] = [];
    await watching(async (watched) => {
      await fs.writeFile(watched.path("file"), OLD);
      const basis = await fileBasis(watched.path("file"));
      const read = (_: Call): Call => (...args) => {
        lengths.push(args[3]);
        (args.at(-1) as Done)(null, 5);
      };
      await replacing("read", read, async () => {
        for (const length of [2 ** 30 + 1, 2 ** 30, 2 ** 20]) {
          assert.equal(await basis.readInto(new Uint8Array(length), 0), 5);
        }
      });
      await basis.close();
    });
    assert.deepEqual(lengths, [2 ** 30, 2 ** 30, 2 ** 20]);
  },

  "a file that is replaced keeps set-user-ID where the owner is kept": () => replaceOfOther(true),
  "a file that is replaced drops set-user-ID where the owner is lost, and asks for the group": () =>
    replaceOfOther(false),

  "short writes are gone on with where they ended": async () => {
    const lengths: unknown[] = [];
    await watching(async (watched) => {
      await source(BYTES, 5_000).pipeTo(atomicWritable(watched.path("file")));
      await assertFile(watched.path("file"), BYTES);
      assert.deepEqual(lengths.slice(0, 4), [5_000, 4_223, 3_446, 2_669]);
    }, (name, args, real) => {
      if (name !== "write") return;
      const [fd, bytes, at, length, place, done] = args as [number, Uint8Array, number, number, number | null, Done];
      lengths.push(length);
      real(fd, bytes, at, Math.min(length, 777), place, done);
      return "done";
    });
  },

  "an open that fails leaves the old file, nothing else, and nothing open": () => failingCall("open"),
  "a write that fails leaves the old file, nothing else, and nothing open": () => failingCall("write"),
  "an fsync that fails leaves the old file, nothing else, and nothing open": () => failingCall("fsync"),
  "a rename that fails leaves the old file, nothing else, and nothing open": () => failingCall("rename"),

  "a temporary file of another is not written to": async () => {
    const random = crypto.getRandomValues;
    crypto.getRandomValues = (array) => (array as unknown as Uint32Array).fill(7) as never;
    try {
      await watching(async (watched) => {
        await atomicWritable(watched.path("file")).abort();
        const first = atomicWritable(watched.path("file")).getWriter();
        await first.write(BYTES);
        const second = atomicWritable(watched.path("file")).getWriter();
        const closed = failureOf(second.closed);
        assert.equal((await failureOf(second.write(OLD))).code, "EEXIST");
        assert.equal((await closed).code, "EEXIST");
        await first.close();
        await assertFile(watched.path("file"), BYTES);
      });
    } finally {
      crypto.getRandomValues = random;
    }
  },

  "an open stream that is a file is appended to, others are written": () =>
    watching(async (watched) => {
      const flags: unknown[] = [];
      const note = (real: Call) => (...args: unknown[]) => {
        if (String(args[0]).startsWith("/dev/")) flags.push(args[1]);
        return real(...args);
      };
      const log = watched.path("log");
      await fs.writeFile(log, OLD);
      const file = await fs.open(log, "r+");
      try {
        await replacing("open", note, async () => {
          await source(BYTES).pipeTo(atomicWritable("/dev/null"));
          assert.deepEqual(flags, [O_WRONLY]);
          if (process.platform !== "linux") return;
          // Deno numbers its files otherwise than the system does.
          const numbers = await fs.readdir("/proc/self/fd");
          const targets = await Promise.all(numbers.map((fd) => fs.readlink(`/proc/self/fd/${fd}`).catch(() => "")));
          await source(BYTES).pipeTo(atomicWritable(`/dev/fd/${numbers[targets.indexOf(log)]}`));
          assert.deepEqual(flags, [O_WRONLY, O_WRONLY | O_APPEND]);
        });
        await assertFile(log, process.platform === "linux" ? concat([OLD, BYTES]) : OLD);
      } finally {
        await file.close();
      }
    }),

  "closing waits for the reads under way, and closes once": () =>
    watching(async (watched) => {
      const ends: (() => void)[] = [];
      await fs.writeFile(watched.path("file"), BYTES);
      const basis = await fileBasis(watched.path("file"));
      const closes = () => watched.calls.filter((call) => call.startsWith("close")).length;
      await replacing("read", (real) => (...args) => void ends.push(() => real(...args)), async () => {
        const reading = basis.read(10, 20);
        const closing = [basis.close(), basis.close()];
        await new Promise((resolve) => setTimeout(resolve, 20));
        assert.equal(closes(), 0);
        await assert.rejects(async () => await basis.read(0, 1), TypeError);
        assert.equal(ends.length, 1);
        for (const end of ends) end();
        assertSame(await reading, BYTES.subarray(10, 30));
        await Promise.all(closing);
        assert.equal(closes(), 1);
      });
    }),

  "a read that was short gives no bytes that were not read, and the file is closed at its end": () =>
    watching(async (watched) => {
      await fs.writeFile(watched.path("file"), BYTES);
      const shorten = (real: Call) => (...[fd, bytes, at, length, ...rest]: unknown[]) =>
        real(fd, bytes, at, Math.min(length as number, 33_333), ...rest);
      await replacing("read", shorten, async () => {
        const all = await new Response(fileReadable(watched.path("file"))).arrayBuffer();
        assertSame(new Uint8Array(all), BYTES);
        assert.deepEqual(watched.opened(), []);
        const early = fileReadable(watched.path("file")).getReader();
        assert.equal((await early.read()).value!.length, 33_333);
        await early.cancel();
        assert.deepEqual(watched.opened(), []);
      });
    }),

  "a file that cannot be looked at is closed again": () =>
    watching(async (watched) => {
      await fs.writeFile(watched.path("file"), BYTES);
      const error = failure("EIO");
      await replacing("fstat", () => (...args) => (args.at(-1) as Done)(error), async () => {
        assert.equal(await failureOf(fileBasis(watched.path("file"))), error);
        assert.equal(await failureOf(fileReadable(watched.path("file")).getReader().read()), error);
        assert.deepEqual(watched.opened(), []);
      });
    }),
};

/** What the system itself refuses to somebody who is not root. `shared` has a file `theirs` of another user. */
export const UNPRIVILEGED: Record<string, (shared: string) => Promise<void>> = {
  "the file of another is replaced by one's own, with a warning": async (shared) => {
    const path = join(shared, "theirs");
    const warnings: string[] = [];
    const options = { onWarning: ({ message }: Error) => void warnings.push(message) };
    await source(BYTES).pipeTo(atomicWritable(path, options));
    await assertFile(path, BYTES);
    const { uid, mode } = await fs.stat(path);
    assert.deepEqual([uid, mode & 0o7777], [process.getuid!(), 0o755]);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /^Cannot keep the owner of ".*theirs": the system said EPERM, /);
    assert.deepEqual(await fs.readdir(shared), ["theirs"]);
  },

  "a folder that may not be written to is named, and its file stays": () =>
    watching(async (watched) => {
      await fs.mkdir(watched.path("closed"));
      await fs.writeFile(watched.path("closed/file"), OLD);
      await fs.chmod(watched.path("closed"), 0o555);
      const error = await failureOf(source(BYTES).pipeTo(atomicWritable(watched.path("closed/file"))));
      assert.deepEqual([error.code, error.path], ["EACCES", watched.path("closed")]);
      await assertFile(watched.path("closed/file"), OLD);
      await fs.chmod(watched.path("closed"), 0o755);
      assert.deepEqual(await fs.readdir(watched.path("closed")), ["file"]);
    }),

  "a file that may not be read fails with EACCES, as a readable and as a basis": () =>
    watching(async (watched) => {
      await fs.writeFile(watched.path("file"), OLD);
      await fs.chmod(watched.path("file"), 0o000);
      assert.equal((await failureOf(fileReadable(watched.path("file")).getReader().read())).code, "EACCES");
      assert.equal((await failureOf(fileBasis(watched.path("file")))).code, "EACCES");
      assert.deepEqual(watched.opened(), []);
    }),
};
