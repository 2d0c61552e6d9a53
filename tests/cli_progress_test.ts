/** What the command measures a job by, and what it says at its end. */
import assert from "node:assert/strict";
import nodeFs from "node:fs";
import process from "node:process";
import { syncHandler } from "rsync-streams/http";
import { openProgressBar, type ProgressBar } from "../src/cli/progress_bar.ts";
import { BASIS, replace, run, TARGET, test } from "./_cli_inside.ts";
import { until } from "./_until.ts";

/** Bytes of a delta up to which it is read twice. */
const SCANNED = 2 ** 26;

/** Writes a delta of librsync with so many bytes: a hundred copies of the basis, and zeros. */
async function writeLongDelta(path: string, length: number): Promise<void> {
  const copy = [0x4f, 0, 0, 0, 0, 0, 0, BASIS.length >>> 8, BASIS.length & 0xff];
  const copies = Uint8Array.from([...Array(100).fill(copy).flat(), 0]);
  const head = new Uint8Array(9);
  const view = new DataView(head.buffer);
  view.setUint32(0, 0x72730236);
  view.setUint8(4, 0x43);
  view.setUint32(5, length - head.length - copies.length);
  using file = await Deno.open(path, { write: true, create: true });
  await file.write(head);
  // The zeros are a hole.
  await file.seek(length - copies.length, Deno.SeekMode.Start);
  await file.write(copies);
}

test("measures a patch by its output, unless reading the delta twice would take long", async (folder) => {
  const far = async (length: number) => {
    await writeLongDelta(`${folder}/long.delta`, length);
    const { code, err } = await run(folder, ["patch", "-qf", "--progress", "basis.bin", "long.delta", "made.bin"]);
    assert.equal(code, 0, err);
    assert.equal((await Deno.stat(`${folder}/made.bin`)).size, length - 910 + 100 * BASIS.length);
    return /(\d+\.\d) % of (\d+\.\d MB)[^\n]*\n$/.exec(err)!.slice(1);
  };
  assert.deepEqual(await far(SCANNED), ["100.0", "69.1 MB"]);
  assert.deepEqual(await far(SCANNED + 1), ["100.0", "67.1 MB"]);
});

test("says on a terminal that a file was updated, unless another report was asked for", async (folder) => {
  const handler = syncHandler({ open: () => ({ basis: TARGET, size: TARGET.length, entityTag: '"1"' }) });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => handler(request));
  try {
    const said = async (options: string[], isTerminal = true) => {
      await Deno.writeFile(`${folder}/basis.bin`, BASIS);
      const url = `http://127.0.0.1:${server.addr.port}/target`;
      const { code, err } = await run(folder, ["pull", ...options, url, "basis.bin"], { isTerminal });
      assert.equal(code, 0, err);
      return err.includes("basis.bin is updated: ");
    };
    assert.equal(await said([]), true);
    assert.equal(await said([], false), false);
    for (const option of ["--quiet", "--json", "--statistics"]) assert.equal(await said([option]), false, option);
  } finally {
    await server.shutdown();
  }
});

interface Shown {
  bar: ProgressBar;
  /** Goes to a time, in milliseconds since the start. */
  at(ms: number): void;
  /** What was written since the last call. */
  taken(): string;
}

/** Shows the progress of a job while time stands still, on a terminal or elsewhere. */
async function show(
  total: number | undefined,
  isTerminal: boolean,
  work: (shown: Shown) => void | Promise<void>,
): Promise<void> {
  let text = "";
  let now = 5000;
  const before = process.env.TERM;
  const restore = [
    replace(performance, "now", () => now),
    replace(process.stderr, "isTTY", isTerminal),
    replace(process.stderr, "write", (piece: string) => void (text += piece)),
    replace(nodeFs, "writeSync", (_: number, piece: string) => void (text += piece)),
  ];
  process.env.TERM = "xterm";
  try {
    const bar = await openProgressBar(total, "program");
    const taken = () => {
      const shown = text;
      text = "";
      return shown;
    };
    await work({ bar, at: (ms) => now = 5000 + ms, taken });
    bar.stop();
  } finally {
    for (const undo of restore.reverse()) undo();
    if (before === undefined) delete process.env.TERM;
    else process.env.TERM = before;
  }
}

Deno.test("progress comes in lines a second apart, and one at the end that says what no line said", async () => {
  await show(undefined, false, ({ bar, at, taken }) => {
    for (const ms of [0, 1, 999]) {
      at(ms);
      bar.update(500);
      assert.equal(taken(), "", `${ms} ms`);
    }
    at(1000);
    bar.update(999);
    assert.equal(taken(), "program: 999 B | 999 B/s\n");
    at(1999);
    bar.update(1500);
    assert.equal(taken(), "");
    at(2000);
    bar.update(2000, "a step");
    assert.equal(taken(), "program: 2.0 kB | 1.0 kB/s | a step\n");
    bar.stop();
    assert.equal(taken(), "");
    at(2500);
    bar.update(5000);
    bar.stop();
    assert.equal(taken(), "program: 5.0 kB | 2.0 kB/s\n");
  });
});

Deno.test("progress tells bytes, rates and shares in decimal units, rounded as people round", async () => {
  const cases: [done: number, total: number | undefined, line: string][] = [
    [0, undefined, "0 B | 0 B/s"],
    [999, undefined, "999 B | 999 B/s"],
    [1000, undefined, "1.0 kB | 1.0 kB/s"],
    [999_949, undefined, "999.9 kB | 999.9 kB/s"],
    [999_950, undefined, "1.0 MB | 1.0 MB/s"],
    [1.25e9, undefined, "1.3 GB | 1.3 GB/s"],
    [1e12, undefined, "1.0 TB | 1.0 TB/s"],
    [9e15, undefined, "9.0 PB | 9.0 PB/s"],
    [2e18, undefined, "2000.0 PB | 2000.0 PB/s"],
    [1, 3, "33.3 % of 3 B | 1 B/s"],
    [0, 3, "0.0 % of 3 B | 0 B/s"],
    [5, 3, "100.0 % of 3 B | 5 B/s"],
    [7, 0, "7 B | 7 B/s"],
    [1, 1, "100.0 % of 1 B | 1 B/s"],
  ];
  for (const [done, total, line] of cases) {
    await show(total, false, ({ bar, at, taken }) => {
      at(1000);
      bar.update(done);
      assert.equal(taken(), `program: ${line}\n`);
    });
  }
  await show(undefined, false, ({ bar, taken }) => {
    bar.update(10);
    bar.stop();
    assert.equal(taken(), "program: 10 B | 0 B/s\n", "no time has passed");
  });
});

Deno.test("a progress bar comes after 400 ms, has 30 characters, and is removed", async () => {
  // deno-lint-ignore no-control-regex
  const plain = (text: string) => text.replace(/\x1b(\[[?\d;]*[a-zA-Z]|[78])/g, "");
  const cases: [done: number, ms: number, line: string, total?: number][] = [
    [1, 1000, `${"█".repeat(30)} 100 % of 1 B | 1 B/s`, 1],
    [0, 400, `${"░".repeat(30)} 0 % of 100 B | 0 B/s | ? left`],
    [10, 1000, `${"█".repeat(3)}${"░".repeat(27)} 10 % of 100 B | 10 B/s | 0:09 left`],
    [50, 1000, `${"█".repeat(15)}${"░".repeat(15)} 50 % of 100 B | 50 B/s | 0:01 left`],
    [1, 600_000, `${"░".repeat(30)} 1 % of 100 B | 0 B/s | 16:30:00 left`],
    [50, 61_000, `${"█".repeat(15)}${"░".repeat(15)} 50 % of 100 B | 1 B/s | 1:01 left`],
    [50, 3_599_001, `${"█".repeat(15)}${"░".repeat(15)} 50 % of 100 B | 0 B/s | 1:00:00 left`],
    [150, 1000, `${"█".repeat(30)} 100 % of 100 B | 150 B/s`],
  ];
  for (const [done, ms, line, total = 100] of cases) {
    await show(total, true, ({ bar, at, taken }) => {
      at(399);
      bar.update(done);
      assert.equal(taken(), "");
      at(ms);
      bar.update(done);
      assert.equal(plain(taken()), line);
      bar.stop();
      assert.ok(taken().includes("\x1b[2K"));
    });
  }
  await show(undefined, true, ({ bar, at, taken }) => {
    at(2000);
    bar.update(3000, "a step");
    assert.equal(plain(taken()), "3.0 kB | 1.5 kB/s | a step");
  });
  await show(100, true, ({ bar, taken }) => {
    bar.update(10);
    bar.stop();
    assert.equal(taken(), "", "what was not shown is not removed");
  });
});

Deno.test("steps that come after all bytes take nothing of their rate", async () => {
  await show(100, false, ({ bar, at, taken }) => {
    at(2000);
    bar.update(100, "verifying");
    at(5000);
    bar.update(100, "writing");
    assert.equal(
      taken(),
      "program: 100.0 % of 100 B | 50 B/s | verifying\nprogram: 100.0 % of 100 B | 50 B/s | writing\n",
    );
  });
});

Deno.test("a progress bar moves", async () => {
  await show(100, true, async ({ bar, at, taken }) => {
    at(1000);
    bar.update(10);
    assert.match(taken(), / 10 % of 100 B/);
    at(2000);
    bar.update(60);
    let text = "";
    await until("the bar at 60 %", () => (text += taken()).includes(" 60 % of 100 B | 30 B/s | 0:02 left"));
  });
});

test("tells a dash for the share of nothing", async (folder) => {
  await Deno.writeFile(`${folder}/empty.bin`, new Uint8Array(0));
  await run(folder, ["signature", "empty.bin", "empty.sig"]);
  const { err } = await run(folder, ["delta", "-s", "empty.sig", "empty.bin", "empty.delta"]);
  assert.match(err, / 0 bytes copied, 0 literal \(–\), \d+ written; /);
  const patched = await run(folder, ["patch", "-s", "empty.bin", "empty.delta", "made.bin"]);
  assert.match(patched.err, /; 0 bytes copied, 0 literal \(–\), 0 written; /);
});
