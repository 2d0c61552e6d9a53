/** Compressed deltas: the command writes them with -z and --zstd, and reads them wherever it reads a delta. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { assertBytes } from "./_helpers.ts";
import { assertFile, TARGET, test } from "./_cli_cases.ts";
import {
  cli,
  DENO,
  DENO_RDIFF,
  exec,
  fails,
  names,
  quiet,
  requireProgram,
  runMany,
  type Runtime,
  shell,
  start,
} from "./_cli_runner.ts";
import { runtimes } from "./_cli_runtimes.ts";
import { until } from "./_until.ts";

/** Compressions, which are named as their programs, and their options. */
const COMPRESSIONS = { gzip: "-z", zstd: "--zstd" } as const;
type Compression = keyof typeof COMPRESSIONS;
const ALL = Object.keys(COMPRESSIONS) as Compression[];

const text = async (...args: Parameters<typeof cli>) => new TextDecoder().decode(await quiet(cli(...args)));

/** Node has zstd since 22.15. */
async function hasZstd({ name, command }: Runtime): Promise<boolean> {
  if (name !== "Node") return true;
  const { stdout } = await exec([command[0]!, "-p", "typeof require('node:zlib').createZstdCompress"]);
  return new TextDecoder().decode(stdout).trim() === "function";
}

const hasTool = {
  gzip: await requireProgram("gzip", "deltas that gzip compressed"),
  zstd: await requireProgram("zstd", "deltas that zstd compressed"),
};
const hasZstdIn = new Map<Runtime, boolean>();
for (const runtime of runtimes) hasZstdIn.set(runtime, await hasZstd(runtime));

/** Makes a signature and a delta in a folder. */
async function makeDelta(folder: string, ...options: string[]): Promise<Uint8Array> {
  await quiet(cli(DENO, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", ...options, "sig", "target", "delta"], folder));
  return await Deno.readFile(`${folder}/delta`);
}

for (const runtime of runtimes) {
  for (const compression of ALL) {
    const isMissing = compression === "zstd" && !hasZstdIn.get(runtime);
    const option = COMPRESSIONS[compression];

    test(`in ${runtime.name} makes and applies a delta with ${option}`, async (folder) => {
      const plain = await makeDelta(folder);
      await quiet(cli(runtime, ["delta", option, "sig", "target", "small"], folder));
      await quiet(cli(runtime, ["patch", "basis", "small", "made"], folder));
      await assertFile(`${folder}/made`, TARGET);
      const info = JSON.parse(await text(runtime, ["info", "--json", "small"], folder));
      const compressedLength = (await Deno.stat(`${folder}/small`)).size;
      assert.deepEqual(
        [info.compression, info.compressedLength, info.length],
        [compression, compressedLength, plain.length],
      );
      assert.match(await text(runtime, ["info", "small"], folder), new RegExp(`compressed .*, with ${compression}\n`));
      await quiet(cli(runtime, ["transcode", "small", "plain", "--to", "rsync-streams"], folder));
      assertBytes(await Deno.readFile(`${folder}/plain`), plain, "transcoded");
    }, isMissing);

    test(`in ${runtime.name} makes and applies a delta with ${option} in pipes`, async (folder) => {
      const script = `cli signature basis | cli delta ${option} - target | cli patch basis`;
      assertBytes(await quiet(shell(runtime, script, folder)), TARGET, "made");
    }, isMissing);

    test(`in ${runtime.name} reads what ${compression} compressed, in several parts too`, async (folder) => {
      await makeDelta(folder);
      const script = `head -c 500 delta | ${compression} -c >parts
        tail -c +501 delta | ${compression} -c >>parts
        ${compression} -c sig >sig.small`;
      await quiet(shell(runtime, script, folder));
      await quiet(cli(runtime, ["patch", "basis", "parts", "made"], folder));
      await assertFile(`${folder}/made`, TARGET);
      await quiet(cli(runtime, ["delta", "sig.small", "target", "other"], folder));
      await assertFile(`${folder}/other`, await Deno.readFile(`${folder}/delta`));
    }, isMissing || !hasTool[compression]);

    test(`in ${runtime.name} writes with ${option} what ${compression} reads`, async (folder) => {
      const plain = await makeDelta(folder);
      const script = `cli delta ${option} sig target | ${compression} -dc`;
      assertBytes(await quiet(shell(runtime, script, folder)), plain, "decompressed");
    }, isMissing || !hasTool[compression]);

    test(`in ${runtime.name} refuses damaged ${compression}, and leaves no output`, async (folder) => {
      const whole = await makeDelta(folder, option);
      const wrongSum = whole.slice();
      wrongSum[whole.length - (compression === "gzip" ? 5 : 1)]! ^= 1;
      const before = await names(folder);
      for (
        const [bytes, code, message] of [
          [whole.subarray(0, -1), 103, /cannot decompress the standard input with \w+: it ends too early/],
          [whole.subarray(0, 100), 103, /: it ends too early/],
          [wrongSum, 106, /: it is damaged \(/],
          [Buffer.concat([whole, Buffer.from("more")]), 106, /: (other bytes follow its end|it is damaged)/],
          [Buffer.concat([whole, Buffer.from("\0\0\0\0more")]), 106, /: other bytes follow its end/],
        ] as const
      ) {
        await fails(cli(runtime, ["patch", "basis", "-", "made"], folder, bytes), code, message);
        assert.deepEqual(await names(folder), before);
      }
    }, isMissing);
  }

  test(`in ${runtime.name} says what is missing where there is no zstd`, async (folder) => {
    const packed = await makeDelta(folder, "--zstd");
    const message = /cannot compress the output: .*Node \d.* has no zstd: Node has it since 22\.15/;
    await fails(cli(runtime, ["delta", "--zstd", "sig", "target", "made"], folder), 105, message);
    await fails(cli(runtime, ["patch", "basis", "-", "made"], folder, packed), 105, /cannot read the standard input: /);
    assert.deepEqual(await names(folder), ["basis", "delta", "sig", "target"]);
  }, hasZstdIn.get(runtime));

  test(`in ${runtime.name} exits with 141 when nobody reads a compressed delta`, async (folder) => {
    await Deno.writeFile(`${folder}/empty`, new Uint8Array());
    await quiet(cli(runtime, ["signature", "empty", "sig"], folder));
    const script = "{ cli delta -z sig /dev/urandom; echo $? >code; } | head -c 1 >/dev/null";
    await quiet(shell(runtime, script, folder));
    assert.equal((await Deno.readTextFile(`${folder}/code`)).trim(), "141");
  });

  test(`in ${runtime.name} leaves nothing when a signal ends it while it reads or writes gzip`, async (folder) => {
    const whole = await makeDelta(folder, "-z");
    const before = await names(folder);
    for (const args of [["patch", "basis", "-", "made"], ["delta", "-z", "sig", "-", "made"]]) {
      const process = start(runtime, args, folder);
      const writer = process.stdin.getWriter();
      await writer.write(whole.subarray(0, 2000));
      await until("a temporary file", async () => (await names(folder)).some((name) => name.startsWith(".made")));
      process.kill("SIGTERM");
      assert.equal((await process.status).signal, "SIGTERM");
      await writer.close().catch(() => {});
      assert.deepEqual(await names(folder), before);
    }
  });

  test(`in ${runtime.name} does not wait for the rest of a pipe of damaged gzip`, async (folder) => {
    const whole = await makeDelta(folder, "-z");
    const process = start(runtime, ["patch", "basis", "-", "made"], folder);
    const writer = process.stdin.getWriter();
    await writer.write(Buffer.concat([whole, Buffer.from("something else")]));
    const { code } = await process.status;
    await writer.close().catch(() => {});
    assert.equal(code, 106);
  });
}

const PACK: Record<Compression, (bytes: Uint8Array) => Uint8Array> = { gzip: gzipSync, zstd: zstdCompressSync };

for (const compression of ALL) {
  test(`refuses each prefix of a delta with ${compression}`, async (folder) => {
    await Deno.writeTextFile(`${folder}/target`, "a short text, a short text, a short text");
    const whole = await makeDelta(folder, COMPRESSIONS[compression]);
    for (let length = 0; length < whole.length; length++) {
      await Deno.writeFile(`${folder}/${length}`, whole.subarray(0, length));
    }
    const before = await names(folder);
    const jobs = Array.from(whole, (_, i) => ({ args: ["patch", "basis", `${i}`, `made${i}`], cwd: folder }));
    for (const [length, { code, stderr }] of (await runMany(jobs)).entries()) {
      assert.equal(code, 103, `${length}: ${stderr}`);
      if (length >= 4) assert.match(stderr, /cannot decompress \d+ with \w+: it ends too early/);
    }
    assert.deepEqual(await names(folder), before);
  });

  test(`makes the target or fails for each byte of ${compression} that is flipped`, async (folder) => {
    await Deno.writeTextFile(`${folder}/target`, "a short text, a short text, a short text");
    // librsync's format has no digest, so that only the checksum of the compression notices a change of data.
    await quiet(cli(DENO, ["signature", "--format", "librsync", "basis", "sig"], folder));
    await quiet(cli(DENO, ["delta", COMPRESSIONS[compression], "sig", "target", "delta"], folder));
    const whole = await Deno.readFile(`${folder}/delta`);
    for (const i of whole.keys()) {
      const flipped = whole.slice();
      flipped[i]! ^= 1 << (i % 8);
      await Deno.writeFile(`${folder}/${i}`, flipped);
    }
    const jobs = Array.from(whole, (_, i) => ({ args: ["patch", "-q", "basis", `${i}`, `made${i}`], cwd: folder }));
    const runs = await runMany(jobs);
    let failed = 0;
    for (const [i, { code, stderr }] of runs.entries()) {
      if (code === 0) await assertFile(`${folder}/made${i}`, await Deno.readFile(`${folder}/target`));
      else {
        failed++;
        assert.ok([102, 103, 104, 106].includes(code), `byte ${i}: ${code} ${stderr}`);
        assert.ok(!(await names(folder)).includes(`made${i}`));
      }
    }
    // Only bytes that mean nothing to the data may change: time, flags and system in the header of gzip.
    assert.ok(failed >= whole.length - 8, `${failed} of ${whole.length}`);
  });

  test(`applies a short file of ${compression} that makes a long target, in bounded memory`, async (folder) => {
    // Zeros as one literal of librsync's format. A collector that is late lets some hundred MB pile up.
    const length = 2 ** 30;
    const script = `{ printf 'rs\\002\\066\\103\\100\\0\\0\\0'; head -c ${length} /dev/zero; printf '\\0'; } |
      ${compression} -c >bomb`;
    await quiet(shell(DENO, script, folder));
    const [name, ...args] = [...DENO.command, "patch", "-q", "basis", "bomb"];
    const options = { args, cwd: folder, stdin: "null", stdout: "piped", stderr: "null" } as const;
    const process = new Deno.Command(name!, options).spawn();
    let count = 0;
    let peak = 0;
    for await (const chunk of process.stdout) {
      count += chunk.length;
      if (count > length / 2 && peak === 0) {
        const status = await Deno.readTextFile(`/proc/${process.pid}/status`);
        peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) * 1024;
      }
    }
    assert.equal((await process.status).code, 0);
    assert.equal(count, length);
    assert.ok(peak < length / 2, `${peak} bytes of memory`);
  }, !hasTool[compression] || Deno.build.os !== "linux");
}

test("reads only the outer of two compressions", async (folder) => {
  const plain = await makeDelta(folder);
  await Deno.writeFile(`${folder}/twice`, gzipSync(gzipSync(plain)));
  await fails(cli(DENO, ["patch", "basis", "twice"], folder), 104, /it is compressed with gzip: decompress it first/);
});

test("makes a shorter delta of text with -z and --zstd, and says so in statistics", async (folder) => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i} of a text that compresses well\n`);
  await Deno.writeTextFile(`${folder}/target`, lines.join(""));
  const plain = await makeDelta(folder);
  for (const compression of ALL) {
    const { code, stdout, stderr } = await cli(
      DENO,
      ["delta", COMPRESSIONS[compression], "-s", "sig", "target"],
      folder,
    );
    assert.equal(code, 0);
    assert.ok(stdout.length * 4 < plain.length, `${stdout.length} of ${plain.length}`);
    const before = `${plain.length} before ${compression}, ${stdout.length} written`;
    assert.ok(stderr.includes(before), stderr);
    const patch = await cli(DENO, ["patch", "-s", "basis", "-"], folder, stdout);
    assert.ok(patch.stderr.includes(`${plain.length} bytes of delta (${compression}: ${stdout.length} bytes)`));
  }
  const zipped = await quiet(cli(DENO, ["transcode", "-z", "delta", "--to", "rsync-streams"], folder));
  assertBytes(gunzipSync(zipped), plain, "transcoded");
});

test("reads a compressed delta in a format without a magic, and a signature there as it is", async (folder) => {
  const told = ["--format", "luapower", "-b", "512"];
  await quiet(cli(DENO, ["signature", ...told, "basis", "sig"], folder));
  await quiet(cli(DENO, ["delta", "-z", ...told, "sig", "target", "delta"], folder));
  await quiet(cli(DENO, ["patch", "-q", ...told, "basis", "delta", "made"], folder));
  await assertFile(`${folder}/made`, TARGET);
  // A record whose weak sum starts as gzip does.
  await Deno.writeFile(`${folder}/odd`, Uint8Array.from({ length: 36 }, (_, i) => [0x1f, 0x8b, 8, 0][i] ?? i));
  assert.match(await text(DENO, ["info", ...told, "--kind", "signature", "odd"], folder), /blocks +1\n/);
  await quiet(cli(DENO, ["delta", ...told, "odd", "target", "other"], folder));
});

test("takes -z and --compress for gzip, and one compression at a time", async (folder) => {
  await makeDelta(folder);
  for (const option of ["-z", "--gzip", "--compress"]) {
    const bytes = await quiet(cli(DENO, ["delta", option, "sig", "target"], folder));
    assert.deepEqual([bytes[0], bytes[1]], [0x1f, 0x8b], option);
  }
  await fails(
    cli(DENO, ["delta", "-z", "--zstd", "sig", "target"], folder),
    101,
    /-z means gzip.*try "rsync-streams delta --help"/,
  );
  await fails(cli(DENO, ["patch", "-z", "basis", "delta"], folder), 101, /patch has no option -z/);
});

test("called as rdiff neither writes nor reads a compressed delta", async (folder) => {
  await quiet(cli(DENO_RDIFF, ["signature", "basis", "sig"], folder));
  await quiet(cli(DENO_RDIFF, ["delta", "sig", "target", "delta"], folder));
  for (const option of ["-z", "--gzip", "--zstd", "--compress"]) {
    const run = cli(DENO_RDIFF, ["delta", option, "sig", "target"], folder);
    await fails(run, 101, new RegExp(`^rdiff: unknown option ${option}; try "rdiff delta --help"\n$`));
  }
  for (const compression of ALL) {
    const message = `it is compressed with ${compression}: decompress it first`;
    for (const file of ["sig", "delta"]) {
      await Deno.writeFile(`${folder}/${file}.packed`, PACK[compression](await Deno.readFile(`${folder}/${file}`)));
    }
    await fails(cli(DENO_RDIFF, ["patch", "basis", "delta.packed"], folder), 104, new RegExp(message));
    await fails(cli(DENO_RDIFF, ["delta", "sig.packed", "target"], folder), 104, new RegExp(message));
  }
});

test("does not let a compressed signature fill the memory", async (folder) => {
  const head = "\\162\\163\\001\\107\\0\\0\\002\\0\\0\\0\\0\\040";
  const script = `{ printf '${head}'; head -c 1100000000 /dev/zero; } | gzip -1 >bomb; cli delta bomb target`;
  await fails(
    shell(DENO, script, folder),
    102,
    /it is longer than 1073741824 bytes, which is the limit for a compressed/,
  );
}, !hasTool.gzip || !Deno.env.get("RSYNC_STREAMS_SLOW"));
