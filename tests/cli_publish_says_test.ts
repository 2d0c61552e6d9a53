/** What `publish` says and prints, exactly, and which signatures fit: in this process. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import nodeFs from "node:fs";
import { hasProc, replaceFs } from "./_fs.ts";
import { watchedSignal } from "./_listeners.ts";
import { BASIS, read, run, TARGET, test } from "./_cli_inside.ts";

const NAMES = ["basis.bin", "target.bin"];
const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const place = (file: string) => ({ file, signature: `${file}.rsig` });
const NOT_THERE = "rsync-streams: cannot open none.bin: no such file or folder\n";
const MISFIT = "rsync-streams: basis.bin: the .rsig does not fit the file\n";

test("publish prints JSON of each file, in their order, and the code of the first that fails", async (folder) => {
  await Deno.mkdir(`${folder}/sub.bin`);
  const start = performance.now();
  const output = await run(folder, ["publish", "--json", "basis.bin", "none.bin", "target.bin", "sub.bin"]);
  const took = performance.now() - start;
  assert.deepEqual([output.code, output.err], [
    100,
    `${NOT_THERE}rsync-streams: cannot read sub.bin: it is a folder\n`,
  ]);
  const { files, elapsedMs, ...others } = JSON.parse(output.out);
  assert.deepEqual(others, {});
  assert.ok(elapsedMs >= 0 && elapsedMs <= Math.ceil(took), `${elapsedMs} of ${took} ms`);
  const [first, second] = [files[0].stats, files[2].stats];
  assert.deepEqual(files, [
    { ...place("basis.bin"), status: "published", stats: first },
    { ...place("none.bin"), status: "failed", exitCode: 100 },
    { ...place("target.bin"), status: "published", stats: second },
    { ...place("sub.bin"), status: "failed", exitCode: 100 },
  ]);
  assert.deepEqual([first.bytesIn, first.digest], [BASIS.length, digestOf(BASIS)]);
  assert.deepEqual([second.bytesIn, second.digest], [TARGET.length, digestOf(TARGET)]);
  assert.equal(first.bytesOut, (await read(folder, "basis.bin.rsig")).length);

  const changed = BASIS.slice();
  changed[5_000]! ^= 1;
  await Deno.writeFile(`${folder}/basis.bin`, changed);
  const checked = await run(folder, ["publish", "--check", "--json", "target.bin", "basis.bin", "none.bin"]);
  assert.deepEqual([checked.code, checked.err], [106, MISFIT + NOT_THERE]);
  assert.deepEqual(JSON.parse(checked.out).files, [
    { ...place("target.bin"), status: "fits" },
    { ...place("basis.bin"), status: "failed", exitCode: 106 },
    { ...place("none.bin"), status: "failed", exitCode: 100 },
  ]);
});

test("a run listens no longer for its end where it cannot read a file, or need not", async (folder) => {
  const { signal, listeners } = watchedSignal();
  await Deno.mkdir(`${folder}/target.bin.rsig`);
  const runs = [["publish", "--check", ...NAMES], ["publish", ...NAMES]];
  // It cannot be read at its start.
  if (Deno.build.os === "linux") runs.push(["signature", "/proc/self/mem", "mem.sig"]);
  for (const args of runs) {
    const { code } = await run(folder, args, { signal });
    assert.deepEqual([code, listeners.size], [100, 0], args.join());
  }
});

test("publish tells with -v and --statistics what it does, and where a failure comes from", async (folder) => {
  assert.deepEqual(await run(folder, ["publish", ...NAMES]), { code: 0, out: "", err: "" });
  const { err } = await run(folder, ["publish", "-v", "--statistics", ...NAMES]);
  const lines = await Promise.all(NAMES.map(async (name) => {
    const [bytes, sig] = [await read(folder, name), await read(folder, `${name}.rsig`)];
    return `rsync-streams: publish of ${name}: SHA-256 ${digestOf(bytes)}\n` +
      `rsync-streams: publish: ${bytes.length} bytes read, ${sig.length} written; TIME\n`;
  }));
  assert.equal(err, lines.join(""));
  assert.deepEqual(await run(folder, ["publish", "--check", "-v", ...NAMES]), {
    code: 0,
    out: "",
    err: NAMES.map((name) => `rsync-streams: ${name}: the .rsig fits\n`).join(""),
  });
  assert.deepEqual(await run(folder, ["publish", "none.bin"]), { code: 100, out: "", err: NOT_THERE });
  const failed = await run(folder, ["publish", "-v", "none.bin", "basis.bin"]);
  assert.ok(failed.err.startsWith(`${NOT_THERE}rsync-streams: CliError: cannot open none.bin: `), failed.err);
  assert.ok(failed.err.endsWith(lines[0]!.slice(0, lines[0]!.indexOf("\n") + 1)), failed.err);
});

test("publish shows with --progress how far it is, of each file", async (folder) => {
  const { err } = await run(folder, ["publish", "--progress", ...NAMES]);
  assert.equal(
    err.replace(/ [\d.]+ [kM]B\/s/g, " RATE"),
    "rsync-streams: 100.0 % of 20.0 kB | RATE\nrsync-streams: 100.0 % of 21.0 kB | RATE\n",
  );
});

test("publish makes no signature of a file that changes while it is read", async (folder) => {
  const file = `${folder}/basis.bin`;
  await run(folder, ["publish", "basis.bin"]);
  const before = await read(folder, "basis.bin.rsig");
  await Deno.writeFile(`${folder}/basis.new`, BASIS.toReversed());
  const changes: [what: string, change: () => void][] = [
    ["its time alone tells", () => nodeFs.utimesSync(file, 1_000_000_000, 1_000_000_000)],
    ["it grows", () => nodeFs.appendFileSync(file, "more")],
    ["another takes its place", () => {
      const { atime, mtime } = nodeFs.statSync(file);
      nodeFs.utimesSync(`${folder}/basis.new`, atime, mtime);
      nodeFs.renameSync(`${folder}/basis.new`, file);
    }],
  ];
  for (const [what, change] of changes) {
    const output = await (async () => {
      // Bytes of it were read, and others come.
      using _ = replaceFs("read", (real: CallableFunction) => (...values: unknown[]) => {
        const done = values.pop() as CallableFunction;
        real(...values, (...result: unknown[]) => {
          if (result[1] === BASIS.length) change();
          done(...result);
        });
      });
      return await run(folder, ["publish", "basis.bin"]);
    })();
    const err = "rsync-streams: basis.bin: it changed while it was read: publish it again\n";
    assert.deepEqual(output, { code: 100, out: "", err }, what);
    assert.deepEqual(await read(folder, "basis.bin.rsig"), before, what);
    await Deno.writeFile(file, BASIS);
  }
  const { code } = await run(folder, ["publish", "basis.bin"]);
  assert.equal(code, 0);
});

test("publish --check tells a signature that does not fit from one that is not there", async (folder) => {
  const check = () => run(folder, ["publish", "--check", "basis.bin"]);
  await run(folder, ["publish", "basis.bin"]);
  const sig = await read(folder, "basis.bin.rsig");
  // In the footer, the length of the file is in front of its digest. A byte less makes no other records.
  const shorter = sig.slice();
  const view = new DataView(shorter.buffer);
  const lengthAt = Buffer.from(sig).lastIndexOf(Buffer.from(digestOf(BASIS), "hex")) - 8;
  assert.equal(view.getBigUint64(lengthAt, true), BigInt(BASIS.length));
  view.setBigUint64(lengthAt, BigInt(BASIS.length - 1), true);
  const misfits: [what: string, sig: Uint8Array, bytes: Uint8Array][] = [
    ["a byte more", sig, Uint8Array.of(...BASIS, 0)],
    ["another of the same length", sig, BASIS.toReversed()],
    ["no file of its own", sig, new Uint8Array(0)],
    ["an empty signature", new Uint8Array(0), BASIS],
    ["a signature that was cut", sig.slice(0, -1), BASIS],
    ["a length that is another one", shorter, BASIS],
    ["something else", BASIS, BASIS],
    ["a plain signature", await read(folder, "basis.sig"), BASIS],
  ];
  for (const [what, sig, bytes] of misfits) {
    await Deno.writeFile(`${folder}/basis.bin.rsig`, sig);
    await Deno.writeFile(`${folder}/basis.bin`, bytes);
    assert.deepEqual(await check(), { code: 106, out: "", err: MISFIT }, what);
  }
  if (hasProc) {
    await Deno.remove(`${folder}/basis.bin.rsig`);
    await Deno.symlink("/proc/version", `${folder}/basis.bin.rsig`);
    assert.deepEqual(await check(), { code: 106, out: "", err: MISFIT }, "a file whose length is not known");
    await Deno.remove(`${folder}/basis.bin.rsig`);
  }
  for (const bytes of [BASIS, new Uint8Array(0)]) {
    await Deno.writeFile(`${folder}/basis.bin`, bytes);
    await run(folder, ["publish", "basis.bin"]);
    assert.deepEqual(await check(), { code: 0, out: "", err: "" });
  }
  await Deno.remove(`${folder}/basis.bin.rsig`);
  const err = "rsync-streams: cannot read basis.bin.rsig: no such file or folder\n";
  assert.deepEqual(await check(), { code: 100, out: "", err });
  await Deno.mkdir(`${folder}/basis.bin.rsig`);
  const { code } = await check();
  assert.equal(code, 100);
});

test("publish ends with the signal, and goes on with no other file", async (folder) => {
  for (const args of [["publish"], ["publish", "--check"]]) {
    await run(folder, ["publish", ...NAMES]);
    const end = new AbortController();
    end.abort(new Error("enough"));
    assert.deepEqual(await run(folder, [...args, "--json", ...NAMES], { signal: end.signal }), {
      code: 107,
      out: "",
      err: "",
    });
  }
});
