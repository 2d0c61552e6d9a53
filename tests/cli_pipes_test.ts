/** The command between pipes: what comes from the standard input, what goes to the standard output, and limits. */
import assert from "node:assert/strict";
import nodeFs from "node:fs";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { deltaStream, encodeDeltaStream, loadSigs } from "rsync-streams";
import { BASIS, read, replace, run, TARGET, test } from "./_cli_inside.ts";
import { assertBytes, chunks, patch, source, toBytes } from "./_helpers.ts";

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test("reads any one operand from a pipe, and writes to the standard output", async (folder) => {
  const [sig, delta] = [await read(folder, "basis.sig"), await read(folder, "target.delta")];
  const told = ["signature", "-b", "1024", "-S", "12"];
  for (const operands of [[], ["-"], ["-", "-"]]) {
    const { code, out, err } = await run(folder, [...told, ...operands], { stdin: chunks(BASIS, 777) });
    assert.deepEqual([code, err, out.length], [0, "", sig.length], `${operands}`);
    // The salt is another.
    await Deno.writeFile(`${folder}/piped.sig`, latin1(out));
    assert.equal((await run(folder, ["delta", "piped.sig", "target.bin", "again.delta", "-f"])).code, 0);
    assertBytes(await read(folder, "again.delta"), delta);
  }
  for (const [operands, bytes] of [[["-", "target.bin"], sig], [["basis.sig"], TARGET], [["basis.sig", "-"], TARGET]]) {
    const { code, out, err } = await run(folder, ["delta", ...operands as string[]], {
      stdin: chunks(bytes as Uint8Array, 1),
    });
    assert.deepEqual([code, err], [0, ""]);
    assertBytes(latin1(out), delta, `${operands}`);
  }
  for (const operands of [["basis.bin"], ["basis.bin", "-"]]) {
    const { code, out, err } = await run(folder, ["patch", ...operands], { stdin: chunks(delta, 3) });
    assert.deepEqual([code, err], [0, ""]);
    assertBytes(latin1(out), TARGET, `${operands}`);
  }
  for (const [name, bytes] of [["signature", sig], ["delta", delta]] as const) {
    const { out } = await run(folder, ["info"], { stdin: chunks(bytes, 5) });
    assert.match(out, new RegExp(`^the standard input: ${name}\nformat +rsync-streams\nlength +${bytes.length} `));
  }
  const { out } = await run(folder, ["transcode", "-q", "-", "--to", "librsync"], { stdin: chunks(delta, 9) });
  await Deno.writeFile(`${folder}/other.delta`, latin1(out));
  assert.equal((await run(folder, ["patch", "-q", "basis.bin", "other.delta", "made.bin"])).code, 0);
  assertBytes(await read(folder, "made.bin"), TARGET);
});

test("reads no two operands from one pipe, and no basis", async (folder) => {
  const delta = await read(folder, "target.delta");
  const sig = { code: 101, out: "", err: "signature and target cannot both come from the standard input" };
  const basis = { code: 101, out: "", err: "basis and delta cannot both come from the standard input" };
  for (const [args, { err }] of [[["delta", "-"], sig], [["delta", "-", "-"], sig], [["patch", "-"], basis]] as const) {
    const help = `; try "rsync-streams ${args[0]} --help"\n`;
    const expected = { code: 101, out: "", err: `rsync-streams: ${err}${help}` };
    assert.deepEqual(await run(folder, args, { stdin: [] }), expected);
  }
  assert.deepEqual(await run(folder, ["patch", "-", "target.delta", "made.bin"], { stdin: [delta] }), {
    code: 100,
    out: "",
    err: "rsync-streams: cannot read the basis from the standard input: it cannot be read at random, as a basis is: " +
      "name a file, or redirect one\n",
  });
  await assert.rejects(read(folder, "made.bin"), Deno.errors.NotFound);
});

/** A GiB and a byte, of which the first are given. The rest are zeros, and take no memory before they are touched. */
function overLong(start: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 ** 30 + 1);
  bytes.set(start);
  return bytes;
}

test("reads at most a GiB of signature from a pipe", async (folder) => {
  const limit = "it is longer than 1073741824 bytes, which is the limit for a pipe: name a file";
  assert.deepEqual(
    await run(folder, ["delta", "-", "target.bin", "made.delta"], {
      stdin: [overLong(await read(folder, "basis.sig"))],
    }),
    { code: 102, out: "", err: `rsync-streams: cannot read the signature from the standard input: ${limit}\n` },
  );
  await assert.rejects(read(folder, "made.delta"), Deno.errors.NotFound);
});

test("makes deltas as rdiff does when called as rdiff, and shorter ones else", async (folder) => {
  // Runs of equal blocks are where rdiff's are longer.
  await Deno.writeFile(`${folder}/zeros.bin`, new Uint8Array(20_000));
  await Deno.writeFile(`${folder}/more.bin`, new Uint8Array(30_000));
  assert.deepEqual(await run(folder, ["--rdiff", "signature", "zeros.bin", "zeros.sig"]), {
    code: 0,
    out: "",
    err: "",
  });
  const sigs = await loadSigs(await read(folder, "zeros.sig"));
  assert.equal(sigs.format, "librsync");
  for (const rdiffExact of [true, false]) {
    const args = ["delta", "zeros.sig", "more.bin", "made.delta", "-f"];
    assert.equal((await run(folder, rdiffExact ? ["--rdiff", ...args] : args)).code, 0);
    const expected = await toBytes(source(new Uint8Array(30_000)).pipeThrough(deltaStream(sigs, { rdiffExact })));
    const other = await toBytes(
      source(new Uint8Array(30_000)).pipeThrough(deltaStream(sigs, { rdiffExact: !rdiffExact })),
    );
    assertBytes(await read(folder, "made.delta"), expected);
    assert.notEqual(expected.length, other.length);
  }
});

test("reads what is compressed, but not as rdiff", async (folder) => {
  for (const name of ["basis.sig", "target.delta"]) {
    await Deno.writeFile(`${folder}/${name}`, gzipSync(await read(folder, name)));
  }
  for (
    const args of [["delta", "basis.sig", "target.bin", "made.delta"], [
      "patch",
      "basis.bin",
      "target.delta",
      "made.bin",
    ]]
  ) {
    assert.deepEqual(await run(folder, args), { code: 0, out: "", err: "" });
    const { code, err } = await run(folder, ["--rdiff", ...args, "-f"]);
    assert.equal(code, 104);
    assert.match(err, /^rdiff: cannot read the [a-z]+: it is compressed with gzip: decompress it first/);
  }
  assertBytes(await read(folder, "made.bin"), TARGET);
});

test("writes nothing binary to a terminal, unless -f says so", async (folder) => {
  const undo = replace(process.stdout, "isTTY", true);
  try {
    for (const args of [["signature", "basis.bin"], ["delta", "basis.sig", "target.bin"]]) {
      const refused = "rsync-streams: the output is not for a terminal: name a file, redirect it, or say -f\n";
      assert.deepEqual(await run(folder, args), { code: 101, out: "", err: refused });
      for (const forced of [[...args, "-f"], ["--rdiff", ...args]]) {
        const { code, out } = await run(folder, forced);
        if (forced[0] !== "--rdiff" || args[0] === "signature") assert.deepEqual([code, out.length > 0], [0, true]);
      }
    }
    assert.equal((await run(folder, ["patch", "basis.bin", "target.delta"])).out.length, TARGET.length);
  } finally {
    undo();
  }
});

test("exits with 141 and says nothing if nobody reads its output", async (folder) => {
  const fails = (code: string) => (_: unknown, done: (error: Error) => void) => {
    done(Object.assign(new Error("the reader has gone"), { code }));
    return false;
  };
  const write = process.stdout.write;
  for (
    const [code, exitCode, message] of [["EPIPE", 141, ""], ["ENOSPC", 100, "no space left on the device"]] as const
  ) {
    let err = "";
    const undo = [
      replace(process.stdout, "write", fails(code)),
      replace(nodeFs, "writeSync", (_: number, text: string) => void (err += text)),
    ];
    try {
      const { runCli } = await import("rsync-streams/cli");
      const at = (name: string) => `${folder}/${name}`;
      const runs = [
        ["signature", at("basis.bin")],
        ["signature", "--json", "-f", at("basis.bin"), at("made.sig")],
        ["delta", "--json", "-f", at("basis.sig"), at("target.bin"), at("made.delta")],
        ["patch", "--json", "-f", at("basis.bin"), at("target.delta"), at("made.bin")],
        ["transcode", "--json", "-f", at("target.delta"), at("made.delta"), "--to", "rsync-streams"],
        ["info", at("basis.sig")],
        ["completion", "bash"],
        ["--help"],
        ["--version"],
      ];
      for (const args of runs) {
        err = "";
        assert.equal(await runCli(args), exitCode, `${args}`);
        assert.equal(err, message && `rsync-streams: cannot write the standard output: ${message}\n`);
      }
    } finally {
      for (const restore of undo.reverse()) restore();
    }
  }
  assert.equal(process.stdout.write, write);
});

test("ends when its caller ends it, while it waits for a pipe", async (folder) => {
  const before = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const sig = await read(folder, "basis.sig");
  const waits: [args: string[], start: Uint8Array][] = [
    [["signature", "-", "made.sig"], TARGET],
    [["delta", "-", "target.bin", "made.delta"], sig.subarray(0, 100)],
    [["delta", "basis.sig", "-", "made.delta"], TARGET],
    [["patch", "basis.bin", "-", "made.bin"], (await read(folder, "target.delta")).subarray(0, 100)],
    [["info"], sig.subarray(0, 100)],
    [["info"], gzipSync(sig).subarray(0, 50)],
  ];
  for (const [args, start] of waits) {
    const controller = new AbortController();
    const isOver = Promise.withResolvers<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stdin: AsyncIterable<Uint8Array> = {
      async *[Symbol.asyncIterator]() {
        yield start;
        setTimeout(() => controller.abort(), 5);
        // A pipe with nothing more to read.
        timer = setTimeout(() => isOver.resolve("the pipe"), 5_000);
        await isOver.promise;
      },
    };
    const { signal } = controller;
    assert.deepEqual(await run(folder, args, { stdin, signal }), { code: 107, out: "", err: "" }, `${args}`);
    isOver.resolve("the run");
    clearTimeout(timer);
    assert.equal(await isOver.promise, "the run", `${args}: what ended first`);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), before);
  }
});

test("transcodes a delta of many short commands in few writes", async (folder) => {
  const commands = Array.from({ length: 20_000 }, (_, i) => ({ copy: { offset: i * 7 % 1000, length: 3 } }));
  const delta = await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream()));
  await Deno.writeFile(`${folder}/many.delta`, delta);
  const realWrite = nodeFs.write;
  let writes = 0;
  const restore = replace(nodeFs, "write", (...args: unknown[]) => {
    writes++;
    return (realWrite as (...args: unknown[]) => void)(...args);
  });
  try {
    const { code } = await run(folder, ["transcode", "-q", "many.delta", "many.other", "--to", "librsync"]);
    assert.equal(code, 0);
  } finally {
    restore();
  }
  const other = await read(folder, "many.other");
  assert.ok(writes <= Math.ceil(other.length / 2 ** 16), `${writes} writes`);
  assertBytes(await patch(BASIS, other), await patch(BASIS, delta));
});
