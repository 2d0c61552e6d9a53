/** Exactly what `runCli` prints and returns, in this process: what it writes is taken where it is written. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import nodeFs from "node:fs";
import process from "node:process";
import { encodeDeltaStream } from "rsync-streams";
import { runCli } from "rsync-streams/cli";
import { openProgressBar } from "../src/cli/progress_bar.ts";
import { BASIS, read, replace, run, TARGET, test } from "./_cli_inside.ts";
import { assertBytes, toBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { until } from "./_until.ts";

const SHA_256 = createHash("sha256").update(TARGET).digest("hex");

test("prints the statistics of a signature, a delta, a patch and a transcoding", async (folder) => {
  const statistics = async (args: string[]) => (await run(folder, [...args, "-s"])).err;
  assert.equal(
    await statistics(["signature", "-b", "1024", "-S", "12", "basis.bin", "made.sig"]),
    "rsync-streams: signature: 20 blocks of 1024 bytes; 20000 bytes read, 368 written; TIME\n",
  );
  const length = (await read(folder, "target.delta")).length;
  assert.equal(
    await statistics(["delta", "basis.sig", "target.bin", "made.delta"]),
    "rsync-streams: delta: 20 blocks found, 0 false alarms; 20000 bytes copied, 1000 literal (4.8 %), " +
      `${length} written; TIME\n`,
  );
  assert.match(
    await statistics(["patch", "basis.bin", "target.delta", "made.bin"]),
    new RegExp(`^rsync-streams: patch: .*20000 bytes copied, 1000 literal \\(4\\.8 %\\).*; TIME\n$`),
  );
  assertBytes(await read(folder, "made.bin"), TARGET);
  assert.match(
    await statistics(["transcode", "-q", "target.delta", "made.rdiff", "--to", "librsync"]),
    new RegExp(
      `^rsync-streams: transcode: ${length} bytes of delta; \\d+ written; 20000 bytes copied, 1000 literal; TIME\n$`,
    ),
  );
});

test("prints time and rate of what it read", async (folder) => {
  const now = performance.now.bind(performance);
  let calls = 0;
  performance.now = () => now() + 2_000 * calls++;
  try {
    const fields: string[] = [];
    const fs = nodeFs as unknown as Record<string, unknown>;
    const writeSync = fs.writeSync;
    fs.writeSync = (_: number, text: string) => void fields.push(text);
    await runCli(["signature", "-s", `${folder}/basis.bin`, `${folder}/other.sig`]);
    fs.writeSync = writeSync;
    const [, seconds, rate] = /; (\d+\.\d\d) s, ([\d.]+ k?B)\/s\n$/.exec(fields.join(""))!;
    assert.ok(Number(seconds) >= 2 && Number(seconds) < 2_000, `${seconds} s`);
    const perSecond = Number.parseFloat(rate!) * (rate!.endsWith("kB") ? 1_000 : 1);
    assert.ok(Math.abs(perSecond * Number(seconds) / BASIS.length - 1) < 0.2, `${rate} in ${seconds} s`);
  } finally {
    performance.now = now;
  }
});

test("shows what a signature and a delta are", async (folder) => {
  assert.deepEqual(await run(folder, ["info", "basis.sig"]), {
    code: 0,
    err: "",
    out: `basis.sig: signature
format           rsync-streams
length           368 bytes
weak sum         rabinkarp
strong sum       blake3, 12 bytes
block length     1024 bytes
blocks           20
basis length     20000 bytes
digest of basis  none
`,
  });
  const { length } = await read(folder, "target.delta");
  assert.equal(
    (await run(folder, ["info", "target.delta"])).out,
    `target.delta: delta
format           rsync-streams
length           ${length} bytes
target length    21000 bytes
copied           20000 bytes (95.2 %) in 2 commands
literal          1000 bytes (4.8 %) in 1 command
basis length     at least 20000 bytes
digest of target ${SHA_256} (SHA-256)
`,
  );
  await run(folder, ["signature", "--format", "librsync", "-H", "md4", "-b", "1000", "basis.bin", "old.sig"]);
  const { out } = await run(folder, ["info", "old.sig"]);
  assert.match(out, /^strong sum +md4, 16 bytes \(broken: for trusted files only\)$/m);
  assert.match(out, /^basis length +19001 to 20000 bytes \(the format does not record it\)$/m);
});

test("says how long the basis of a delta has to be, in whatever order its copies come", async (folder) => {
  const ranges = [[100, 20], [500, 100], [0, 30]] as const;
  const commands = ranges.map(([offset, length]) => ({ copy: { offset, length } }));
  const delta = await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
  await Deno.writeFile(`${folder}/order.delta`, delta);
  const { out } = await run(folder, ["info", "order.delta"]);
  assert.match(out, /^basis length +at least 600 bytes$/m);
  assert.match(out, /^copied +150 bytes \(100.0 %\) in 3 commands$/m);
});

test("writes new data in commands of 64 KiB", async (folder) => {
  await Deno.writeFile(`${folder}/fresh.bin`, randomBytes(7, 200_000));
  await run(folder, ["delta", "basis.sig", "fresh.bin", "fresh.delta"]);
  const { out } = await run(folder, ["info", "fresh.delta"]);
  assert.match(out, /^literal +200000 bytes \(100.0 %\) in 4 commands$/m);
});

test("exits as rdiff does for each way in which a file can be wrong", async (folder) => {
  const [sig, delta] = [await read(folder, "basis.sig"), await read(folder, "target.delta")];
  const flipped = delta.slice();
  flipped[flipped.length - 1]! ^= 1;
  const wrong: Record<string, [bytes: Uint8Array, code: number, kind: "sig" | "delta"]> = {
    magic: [Uint8Array.of(1, 2, 3, 4, 5), 104, "sig"],
    truncated: [sig.subarray(0, -1), 103, "sig"],
    trailing: [concat([sig, Uint8Array.of(0)]), 106, "sig"],
    version: [Uint8Array.of(...sig.subarray(0, 4), 9, ...sig.subarray(5)), 106, "sig"],
    deltamagic: [sig, 104, "delta"],
    deltatruncated: [delta.subarray(0, -1), 103, "delta"],
    deltatrailing: [concat([delta, Uint8Array.of(0)]), 106, "delta"],
    digest: [flipped, 106, "delta"],
  };
  for (const [name, [bytes, code, kind]] of Object.entries(wrong)) {
    await Deno.writeFile(`${folder}/wrong.bin`, bytes);
    const args = kind === "sig" ? ["delta", "wrong.bin", "target.bin"] : ["patch", "basis.bin", "wrong.bin"];
    const { code: seen, err } = await run(folder, [...args, "made.bin"]);
    assert.equal(seen, code, `${name}: ${err}`);
    assert.match(err, /^rsync-streams: cannot [^\n]+\n$/);
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(left, ["basis.bin", "basis.sig", "target.bin", "target.delta", "wrong.bin"], name);
  }
  await Deno.writeFile(`${folder}/short.bin`, BASIS.subarray(0, 10_000));
  assert.equal((await run(folder, ["patch", "short.bin", "target.delta", "made.bin"])).code, 103);
  const unimplemented = ["transcode", "target.delta", "made.bin", "--to", "luapower", "-b", "999"];
  assert.equal((await run(folder, unimplemented)).code, 105);
});

test("says of a signature with a frame that is too long what is wrong, from a file and as an info", async (folder) => {
  const sig = await read(folder, "basis.sig");
  const count = Uint8Array.of(1, 0, 1, 0); // 65,537
  await Deno.writeFile(`${folder}/frame.sig`, concat([sig.subarray(0, 32), count, sig.subarray(36)]));
  for (const args of [["delta", "frame.sig", "target.bin", "made.delta"], ["info", "frame.sig"]]) {
    const { code, err } = await run(folder, args);
    assert.equal(code, 102);
    assert.match(err, /^rsync-streams: cannot read .*: a frame of 65537 records was seen, at most 65536 are allowed/);
  }
});

test("refuses operands that are too many or missing, with the usage", async (folder) => {
  const usages: Record<string, [args: string[], message: string]> = {
    many: [["signature", "a", "b", "c"], "too many arguments: rsync-streams signature [OPTIONS] [BASIS [SIGNATURE]]"],
    delta: [
      ["delta", "a", "b", "c", "d"],
      "too many arguments: rsync-streams delta [OPTIONS] SIGNATURE [TARGET [DELTA]]",
    ],
    few: [["patch"], "BASIS is missing: rsync-streams patch [OPTIONS] BASIS [DELTA [TARGET]]"],
    second: [["push", "a"], "URL is missing: rsync-streams push [OPTIONS] FILE URL"],
    list: [["publish"], "FILE is missing: rsync-streams publish [OPTIONS] FILE..."],
    info: [["info", "a", "b"], "too many arguments: rsync-streams info [OPTIONS] [FILE]"],
    none: [
      [],
      "a command is missing: one of signature, delta, patch, info, transcode, publish, pull, push, serve, " +
      "completion was expected",
    ],
  };
  for (const [args, message] of Object.values(usages)) {
    const help = args.length > 0 ? `rsync-streams ${args[0]} --help` : "rsync-streams --help";
    const expected = { code: 101, out: "", err: `rsync-streams: ${message}; try "${help}"\n` };
    assert.deepEqual(await run(folder, args), expected);
  }
});

test("takes what follows -- for files, and warns of short sums unless it is quiet", async (folder) => {
  const missing = { code: 100, out: "", err: "rsync-streams: cannot open -s: no such file or folder\n" };
  assert.deepEqual(await run(folder, ["info", "--", "-s"]), missing);
  const short = ["signature", "--format", "librsync", "-b", "1024", "-S", "2", "basis.bin"];
  assert.deepEqual(await run(folder, [...short, "short.sig"]), {
    code: 0,
    out: "",
    err: "rsync-streams: warning: strong sums of 2 bytes are short for 20000 bytes: at least 6 are recommended\n",
  });
  assert.equal((await run(folder, [...short, "-q", "quiet.sig"])).err, "");
  const { err } = await run(folder, ["transcode", "target.delta", "made.rdiff", "--to", "librsync"]);
  assert.match(err, /^rsync-streams: warning: the digest is left out, since the librsync format has no place for it/);
  assert.equal((await run(folder, ["transcode", "-q", "target.delta", "quiet.rdiff", "--to", "librsync"])).err, "");
});

test("replaces a file with -f alone", async (folder) => {
  await Deno.writeFile(`${folder}/there.bin`, BASIS);
  const args = ["patch", "basis.bin", "target.delta", "there.bin"];
  const refused = { code: 100, out: "", err: "rsync-streams: cannot write there.bin: it exists, and -f replaces it\n" };
  assert.deepEqual(await run(folder, args), refused);
  assertBytes(await read(folder, "there.bin"), BASIS);
  // Two files are lost in a power cut if the one that replaces the other is not flushed.
  const fields = nodeFs as unknown as Record<string, (...args: unknown[]) => void>;
  const fsync = fields.fsync!;
  let flushes = 0;
  fields.fsync = (...args) => {
    flushes++;
    fsync(...args);
  };
  assert.deepEqual(await run(folder, [...args, "-f"]), { code: 0, out: "", err: "" });
  fields.fsync = fsync;
  assert.equal(flushes, 2); // the file, and its folder
  assertBytes(await read(folder, "there.bin"), TARGET);
});

test("writes nothing, says nothing and exits with 107 when its caller has ended it", async (folder) => {
  const args = ["signature", "basis.bin", "ended.sig"];
  assert.deepEqual(await run(folder, args, { signal: AbortSignal.abort() }), { code: 107, out: "", err: "" });
  await assert.rejects(read(folder, "ended.sig"), Deno.errors.NotFound);
  // The command does not wait for a read under way. The next test would see it end.
  await until("the end of the read", () => !isOpen(`${folder}/basis.bin`));
});

/** Whether this process has a file open, where the system tells. */
function isOpen(path: string): boolean {
  if (!nodeFs.existsSync("/proc/self/fd")) return false;
  return nodeFs.readdirSync("/proc/self/fd").some((fd) => {
    try {
      return nodeFs.readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch {
      return false; // Closed meanwhile.
    }
  });
}

test("shows no name to a terminal as it is", async (folder) => {
  const { code, err } = await run(folder, ["signature", "no\x1b[2Jsuch\u202efile", "made.sig"]);
  assert.deepEqual([code, err], [
    100,
    "rsync-streams: cannot open no\\x1b[2Jsuch\\u202efile: no such file or folder\n",
  ]);
});

Deno.test("a progress bar shows share, rate and the time that is left, after a moment", async () => {
  const { stderr } = process;
  const [write, isTTY, now] = [stderr.write, stderr.isTTY, performance.now];
  let text = "";
  let ms = 0;
  stderr.write = ((piece: string) => {
    text += piece;
    return true;
  }) as typeof stderr.write;
  stderr.isTTY = true;
  performance.now = () => ms;
  try {
    const bar = await openProgressBar(4_000_000, "rsync-streams");
    bar.update(100_000);
    assert.equal(text, "");
    ms = 100_000;
    bar.update(1_000_000);
    assert.match(text, /25 % of 4\.0 MB \| 10\.0 kB\/s \| 5:00 left/);
    bar.stop();
    text = "";
    ms = 0;
    const long = await openProgressBar(4_000_000, "rsync-streams");
    ms = 1_000_000;
    long.update(999_960, "a step");
    assert.match(text, /24 % of 4\.0 MB \| 1000 B\/s|24 % of 4\.0 MB \| 1\.0 kB\/s/);
    assert.match(text, /50:01 left \| a step/);
    long.stop();
    text = "";
    ms = 0;
    const longest = await openProgressBar(40_000_000, "rsync-streams");
    ms = 1_000_000;
    longest.update(1_000_000);
    assert.match(text, /10:50:00 left/);
    longest.stop();
    text = "";
    ms = 0;
    const rounded = await openProgressBar(999_960, "rsync-streams");
    ms = 1_000;
    rounded.update(499_980);
    assert.match(text, /50 % of 1\.0 MB \| 500\.0 kB\/s \| 0:01 left/);
    rounded.stop();
  } finally {
    Object.assign(stderr, { write, isTTY });
    performance.now = now;
  }
});

test("does not take files for one where the system gives them no number", async (folder) => {
  const numberless = { isFile: () => true, isDirectory: () => false, size: 0, mode: 0, dev: 0n, ino: 0n };
  const undo = ["fstatSync", "statSync"].map((name) => replace(nodeFs, name, () => numberless));
  try {
    const { code, err } = await run(folder, ["signature", "basis.bin"]);
    assert.deepEqual([code, err], [0, ""]);
  } finally {
    for (const restore of undo) restore();
  }
});
