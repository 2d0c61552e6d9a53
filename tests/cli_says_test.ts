/** What the command says besides its output: details, warnings, progress, colours, JSON. */
import assert from "node:assert/strict";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { read, replace, run, TARGET, test } from "./_cli_inside.ts";

const SIG = ["signature", "-f", "-b", "1024", "basis.bin", "made.sig"];
const DELTA = ["delta", "-f", "basis.sig", "target.bin", "made.delta"];
const PATCH = ["patch", "-f", "basis.bin", "target.delta", "made.bin"];
const TRANSCODE = ["transcode", "-f", "target.delta", "made.delta", "--to", "librsync"];
const UNVERIFIED =
  "the result is not verified, since the delta carries no digest: compare it by other means, or say -q";

test("says with -v what it does, and where a failure comes from", async (folder) => {
  const details: [args: string[], line: string][] = [
    [SIG, "signature of basis.bin: format rsync-streams, sums by wasm"],
    [
      DELTA,
      "delta to target.bin: format rsync-streams, 20 blocks of 1024 bytes (rsync-streams, rabinkarp, blake3), " +
      "sums by wasm",
    ],
    [PATCH, "patch of basis.bin with target.delta"],
    [[...TRANSCODE, "-q"], "transcode of target.delta to format librsync"],
  ];
  for (const [args, line] of details) {
    assert.deepEqual(await run(folder, [...args, "-v"]), { code: 0, out: "", err: `rsync-streams: ${line}\n` });
    const { err } = await run(folder, args);
    assert.equal(err, "", `${args}`);
  }
  assert.match((await run(folder, ["--rdiff", "-v", ...SIG])).err, /^rdiff: signature of basis.bin: format librsync/);
  const plain = "rsync-streams: cannot open none.sig: no such file or folder\n";
  const failed = await run(folder, ["info", "-v", "none.sig"]);
  assert.ok(failed.err.startsWith(`${plain}rsync-streams: CliError: cannot open none.sig: no such`), failed.err);
  assert.match(failed.err, /\n {4}at [^\n]*systemError[^]*\ncaused by Error: ENOENT: [^]*\n {4}at /);
  assert.deepEqual(await run(folder, ["info", "none.sig"]), { code: 100, out: "", err: plain });
});

test("warns that nothing is verified, but not with -q, as rdiff, or where it is", async (folder) => {
  const warning = `rsync-streams: warning: ${UNVERIFIED}\n`;
  assert.equal((await run(folder, PATCH)).err, "");
  await run(folder, ["delta", "--no-digest", "basis.sig", "target.bin", "plain.delta"]);
  const plain = ["patch", "-f", "basis.bin", "plain.delta", "made.bin"];
  assert.deepEqual(await run(folder, plain), { code: 0, out: "", err: warning });
  assert.deepEqual(await run(folder, [...plain, "-q"]), { code: 0, out: "", err: "" });
  const lost = /^rsync-streams: warning: the digest is left out, since the librsync format has no place for it: /;
  assert.match((await run(folder, TRANSCODE)).err, lost);
  assert.equal((await run(folder, [...TRANSCODE.slice(0, -1), "rsync-streams"])).err, "");
  const other = ["transcode", "-f", "plain.delta", "made.delta", "--to", "librsync"];
  assert.deepEqual(await run(folder, other), { code: 0, out: "", err: "" });
  assert.deepEqual(await run(folder, ["--rdiff", "patch", "-f", "basis.bin", "made.delta", "made.bin"]), {
    code: 0,
    out: "",
    err: "",
  });
});

test("warns of strong sums that are short, not of others", async (folder) => {
  const warnings = async (strongLength: number, ...more: string[]) => {
    const told = ["signature", "-f", "--format", "librsync", "-b", "1024", "-S", `${strongLength}`, ...more];
    return (await run(folder, [...told, "basis.bin", "made.sig"])).err;
  };
  assert.match(await warnings(5), /warning: strong sums of 5 bytes are short for 20000 bytes: at least 6 are recomm/);
  assert.equal(await warnings(6), "");
  assert.equal(await warnings(0), "");
  assert.equal(await warnings(-1), "");
  assert.equal(await warnings(2, "-q"), "");
});

test("marks warnings and errors with colours on a terminal, unless the environment says otherwise", async (folder) => {
  const variables = ["NO_COLOR", "FORCE_COLOR", "TERM"];
  const before = variables.map((name) => process.env[name]);
  const set = (values: Record<string, string | undefined>) => {
    for (const name of variables) {
      if (values[name] === undefined) delete process.env[name];
      else process.env[name] = values[name];
    }
  };
  const cases: [environment: Record<string, string>, isTerminal: boolean, isColored: boolean][] = [
    [{}, true, true],
    [{}, false, false],
    [{ TERM: "dumb" }, true, false],
    [{ TERM: "xterm" }, true, true],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ FORCE_COLOR: "false" }, true, false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, true, false],
  ];
  try {
    for (const [environment, isTerminal, isColored] of cases) {
      set(environment);
      const what = `${JSON.stringify(environment)}, ${isTerminal}`;
      const failed = await run(folder, ["info", "none.sig"], { isTerminal });
      const name = isColored ? "\x1b[31mrsync-streams:\x1b[39m" : "rsync-streams:";
      assert.equal(failed.err, `${name} cannot open none.sig: no such file or folder\n`, what);
      const warned = await run(folder, [...TRANSCODE, "--no-progress"], { isTerminal });
      const mark = isColored ? "\x1b[33mwarning:\x1b[39m" : "warning:";
      assert.ok(warned.err.startsWith(`rsync-streams: ${mark} the digest is left out`), warned.err);
      const rdiff = await run(folder, ["--rdiff", "patch", "none.sig"], { isTerminal });
      assert.ok(rdiff.err.startsWith("rdiff: cannot open"), rdiff.err);
    }
    set({});
    const undo = replace(process.stdout, "isTTY", true);
    try {
      assert.ok((await run(folder, ["--help"])).out.startsWith("\x1b[1mUsage:\x1b[22m rsync-streams COMMAND"));
      assert.ok((await run(folder, ["help", "info"])).out.includes("\n\x1b[1mOptions:\x1b[22m\n"));
    } finally {
      undo();
    }
  } finally {
    set(Object.fromEntries(variables.map((name, i) => [name, before[i]])));
  }
});

test("shows progress in lines where it is no terminal, and as a bar where it is one", async (folder) => {
  const { length } = await read(folder, "target.delta");
  const kilo = `${(length / 1000).toFixed(1)} kB`;
  const lines: [args: string[], far: string][] = [
    [SIG, "100.0 % of 20.0 kB"],
    [DELTA, "100.0 % of 21.0 kB"],
    [PATCH, "100.0 % of 21.0 kB"],
    [[...TRANSCODE, "-q"], `100.0 % of ${kilo}`],
  ];
  for (const [args, far] of lines) {
    const { code, err } = await run(folder, [...args, "--progress"]);
    assert.equal(code, 0);
    assert.match(err, new RegExp(`^rsync-streams: ${far} \\| [\\d.]+ k?M?B/s\n$`));
  }
  // Of what comes from a pipe the length is not known.
  const piped = await run(folder, ["signature", "--progress", "-", "made.sig", "-f"], { stdin: [TARGET] });
  assert.match(piped.err, /^rsync-streams: 21\.0 kB \| [\d.]+ k?M?B\/s\n$/);
  const delta = await read(folder, "target.delta");
  const patched = await run(folder, ["patch", "--progress", "-f", "basis.bin", "-", "made.bin"], { stdin: [delta] });
  assert.match(patched.err, new RegExp(`^rsync-streams: ${kilo} \\| [\\d.]+ k?M?B/s\n$`));
});

test("shows a bar only on a terminal that has not the output, and not with -q", async (folder) => {
  // Time flies, so that a bar is shown at once.
  let ms = 0;
  const undo = [replace(performance, "now", () => ms += 500)];
  const before = process.env.TERM;
  process.env.TERM = "xterm";
  try {
    const shows = async (args: string[], isTerminal = true) => {
      return (await run(folder, args, { isTerminal })).err.includes(" % of 20.0 kB");
    };
    assert.equal(await shows(SIG), true);
    assert.equal(await shows(SIG, false), false);
    assert.equal(await shows([...SIG, "-q"]), false);
    assert.equal(await shows([...SIG, "-q", "--progress"]), true);
    assert.equal(await shows([...SIG, "--no-progress"]), false);
    assert.equal(await shows(["--rdiff", ...SIG]), false);
    undo.push(replace(process.stdout, "isTTY", true));
    assert.equal(await shows(["signature", "-f", "basis.bin"]), false);
    undo.pop()!();
    assert.equal(await shows(["signature", "basis.bin"]), true);
    process.env.TERM = "dumb";
    assert.equal(await shows(SIG), false);
  } finally {
    for (const restore of undo.reverse()) restore();
    if (before === undefined) delete process.env.TERM;
    else process.env.TERM = before;
  }
});

test("prints JSON with what is not known as null, on the standard error beside an output", async (folder) => {
  const json = async (args: string[]) => {
    const { code, out, err } = await run(folder, [...args, "--json"]);
    assert.deepEqual([code, err], [0, ""], `${args}`);
    const { elapsedMs, ...facts } = JSON.parse(out);
    if (args[0] !== "info") assert.ok(Number.isInteger(elapsedMs) && elapsedMs >= 0);
    return facts;
  };
  const { length } = await read(folder, "target.delta");
  const { stats } = await json(SIG);
  assert.deepEqual(stats, { bytesIn: 20_000, bytesOut: (await read(folder, "made.sig")).length, sigCount: 20 });
  const made = await json(DELTA);
  const { digest } = made.stats;
  assert.match(digest, /^[\da-f]{64}$/);
  assert.deepEqual(made, {
    signature: "basis.sig",
    target: "target.bin",
    delta: "made.delta",
    format: "rsync-streams",
    blockLength: 1024,
    compression: null,
    compressedLength: null,
    stats: {
      bytesIn: 21_000,
      bytesOut: length,
      sigCount: 20,
      falseAlarms: 0,
      goodAlarms: 20,
      copiedBytes: 20_000,
      literalBytes: 1_000,
      digest,
    },
  });
  const zipped = await json([...DELTA, "-z"]);
  const compressedLength = (await read(folder, "made.delta")).length;
  assert.deepEqual(
    [zipped.compression, zipped.compressedLength, zipped.stats.bytesOut],
    ["gzip", compressedLength, length],
  );
  await Deno.writeFile(`${folder}/zip.delta`, gzipSync(await read(folder, "target.delta")));
  const zipLength = (await read(folder, "zip.delta")).length;
  const patched = await json(["patch", "-f", "basis.bin", "zip.delta", "made.bin"]);
  assert.deepEqual([patched.compression, patched.compressedLength, patched.isVerified], ["gzip", zipLength, true]);
  const shown = await json(["info", "zip.delta"]);
  assert.deepEqual([shown.compression, shown.compressedLength, shown.literalShare], ["gzip", zipLength, 1 / 21]);
  const { out } = await run(folder, ["info", "zip.delta"]);
  assert.match(out, new RegExp(`\ncompressed +${zipLength} bytes \\([\\d.]+ %\\), with gzip\n`));
  assert.equal((await json(["info", "target.delta"])).compressedLength, null);

  const piped = await run(folder, ["delta", "basis.sig", "target.bin", "--json"]);
  assert.equal(piped.out.length, length);
  assert.equal(JSON.parse(piped.err).delta, "-");
  assert.deepEqual(await run(folder, ["--rdiff", ...SIG, "--json"]), {
    code: 101,
    out: "",
    err: 'rdiff: unknown option --json; try "rdiff signature --help"\n',
  });
});

test("tells statistics of what is compressed", async (folder) => {
  const { length } = await read(folder, "target.delta");
  const made = await run(folder, [...DELTA, "-z", "-s"]);
  const zipped = (await read(folder, "made.delta")).length;
  const share = (zipped / length * 100).toFixed(1);
  assert.ok(made.err.endsWith(`, ${length} before gzip, ${zipped} written (${share} %); TIME\n`), made.err);
  const patched = await run(folder, ["patch", "-s", "-f", "basis.bin", "made.delta", "made.bin"]);
  assert.match(
    patched.err,
    new RegExp(`patch: ${length} bytes of delta \\(gzip: ${zipped} bytes\\); 20000 bytes copied`),
  );
});

test("shows what signatures and deltas of a format without a magic are", async (folder) => {
  const told = ["--format", "luapower", "-b", "700"];
  await run(folder, ["signature", ...told, "basis.bin", "lua.sig"]);
  await run(folder, ["delta", ...told, "lua.sig", "target.bin", "lua.delta"]);
  const sig = (await run(folder, ["info", ...told, "--kind", "signature", "lua.sig"])).out;
  assert.match(
    sig,
    /\nstrong sum +blake2sp, 32 bytes\nblock length +700 bytes\nblocks +28\nbasis length +19600 to 20299 /,
  );
  const delta = (await run(folder, ["info", ...told, "--kind", "delta", "lua.delta"])).out;
  assert.match(
    delta,
    /\ntarget length +21000 bytes\ncopied +18900 bytes \(90\.0 %\) in 2 commands\nliteral +2100 bytes \(/,
  );
  const wrong: [args: string[], why: string][] = [
    [told, "the luapower format does not record what a file is: give --kind signature or delta"],
    [
      ["--format", "luapower", "--kind", "delta"],
      "the luapower format does not record the block length: give it with -b",
    ],
  ];
  for (const [args, why] of wrong) {
    const err = `rsync-streams: ${why}; try "rsync-streams info --help"\n`;
    assert.deepEqual(await run(folder, ["info", ...args, "lua.delta"]), { code: 101, out: "", err });
  }
  const patched = await run(folder, ["patch", "-q", ...told, "basis.bin", "lua.delta", "made.bin"]);
  assert.deepEqual(patched, { code: 0, out: "", err: "" });
});
