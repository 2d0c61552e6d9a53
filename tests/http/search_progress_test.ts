/** What is told while a local file is read, before bytes come or go. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { fetchUpdate, planUpdate, type SendStats, sendUpdate } from "rsync-streams/http";
import { replace, run } from "../_cli_inside.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { FRESH, NEW, OLD } from "./_cli_host.ts";
import { inside, succeeds, withStore } from "./_cli_runs.ts";
import { hostOf } from "./memory_host.ts";
import { ORIGIN, Store } from "./_store.ts";
import { basis, files, URL_OF_FILE } from "./_update.ts";

/** Does work while the clock goes on by `ms` each time that somebody looks at it. */
async function withClock(ms: number, work: () => Promise<void>): Promise<void> {
  let now = 0;
  const undo = replace(performance, "now", () => now += ms);
  try {
    await work();
  } finally {
    undo();
  }
}

Deno.test("fetchUpdate() and planUpdate() tell how much they have searched before they resolve", async () => {
  await withClock(60, async () => {
    const seen: number[] = [];
    const onProgress = ({ bytesRead }: { bytesRead: number }) => void seen.push(bytesRead);
    const { fetch } = hostOf(files);
    const { readable, plan, stats } = await fetchUpdate(URL_OF_FILE, basis, { fetch, onProgress });
    const { bytesRead } = stats;
    assert.ok(bytesRead >= basis.length && bytesRead <= 9 * 2 ** 20, `${bytesRead} bytes`);
    assert.equal(seen.at(-1), bytesRead);
    await readable.cancel();
    seen.length = 0;
    const again = await planUpdate(URL_OF_FILE, basis, { fetch, onProgress });
    assert.deepEqual([again.missingLength, seen.at(-1)], [plan.missingLength, bytesRead]);
    const whole = await fetchUpdate(URL_OF_FILE, undefined, { fetch });
    assert.equal(whole.stats.bytesRead, 0);
    await whole.readable.cancel();
  });
});

Deno.test("fetchUpdate() tells how much of the local file it has read to verify what it held", async () => {
  await withClock(60, async () => {
    const seen: number[] = [];
    let isSearched = false;
    const { readable, plan, stats } = await fetchUpdate(URL_OF_FILE, basis, {
      fetch: hostOf(files).fetch,
      onProgress: ({ bytesRead, bytesOut }) => void (isSearched && bytesOut === 0 && seen.push(bytesRead)),
    });
    isSearched = true;
    const searched = stats.bytesRead;
    await readable.pipeTo(new WritableStream());
    assert.ok(seen.some((bytes) => bytes > searched), `${seen}, after ${searched}`);
    assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
    assert.equal(stats.bytesRead, searched + plan.copiedLength);
  });
});

Deno.test("sendUpdate() tells how much it has read before it sends: for the digest, and in search", async () => {
  const old = randomBytes(1, 3_000_000);
  const target = concat([old.subarray(0, 2_000_000), randomBytes(2, 3000), old.subarray(2_500_000)]);
  await withClock(60, async () => {
    for (const there of [undefined, target, old]) {
      const seen: SendStats[] = [];
      const handle = new Store(there ? { "/f": there } : {}).writer();
      const { stats } = await sendUpdate(`${ORIGIN}/f`, target, {
        fetch: async (input: string, init: RequestInit) => await handle(new Request(input, init)),
        onProgress: (stats) => seen.push(stats),
      });
      const before = seen.filter(({ bytesSent }) => bytesSent === 0).map(({ bytesRead }) => bytesRead);
      assert.ok(before.some((bytes) => bytes > 0 && bytes < target.length), `${before}`);
      assert.deepEqual(before, before.toSorted((a, b) => a - b));
      if (there === old) assert.ok(stats.bytesRead >= 2 * target.length, `${stats.bytesRead} bytes`);
      else assert.equal(stats.bytesRead, target.length);
    }
  });
});

inside("pull and push show what they read before they fetch or send", async (folder, host) => {
  const said = async (args: string[]) => {
    const [err] = await succeeds(folder, [...args, "--progress", "-q"]);
    return err.replaceAll(/ [\d.]+ [kMG]?B\/s/g, " RATE").replaceAll("rsync-streams: ", "");
  };
  await withClock(300, async () => {
    const url = `${host.origin}/app.bin`;
    await Deno.writeFile(`${folder}/app.bin`, OLD);
    const searched = /^(\d\.\d MB|\d+\.\d kB) \| RATE \| searching local files\n/;
    assert.match(await said(["pull", "--plan", url, "app.bin"]), searched);
    const pulled = await said(["pull", url, "app.bin"]);
    assert.match(pulled, searched);
    assert.match(pulled, /\n[\d.]+ % of 30\d\.\d kB \| RATE/);
    assert.match(await said(["pull", url, "app.bin"]), searched, "up to date");
    await withStore(async (_, url) => {
      await Deno.writeFile(`${folder}/app.bin`, concat([FRESH, NEW]));
      const read = /^(\d\.\d MB|\d+\.\d kB) \| RATE \| reading the file\n/;
      assert.match(await said(["push", "--plan", "app.bin", url]), read);
      const pushed = await said(["push", "app.bin", url]);
      assert.match(pushed, read);
      assert.match(pushed, /\n100\.0 % of \d+\.\d kB \| RATE\n$/);
      assert.equal(pushed.match(/RATE$/gm)?.length, 1, `no question for records is shown as sent: ${pushed}`);
      assert.match(await said(["push", "app.bin", url]), read, "up to date");
    });
  });
});

inside("pull and push say that they wait for a server that takes its time", async (folder) => {
  const onListen = () => {};
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen }, async () => {
    await delay(2500);
    return new Response("no", { status: 403 });
  });
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  const url = `http://127.0.0.1:${server.addr.port}/app.bin`;
  for (const args of [["pull", url, "app.bin"], ["push", "app.bin", url]]) {
    const { err } = await run(folder, [...args, "--progress"]);
    assert.match(err, /^rsync-streams: 0 B \| 0 B\/s \| waiting for the server\n/);
  }
});

inside("pull and push set a timer for that with --progress alone, and clear it at the end", async (folder, host) => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => {
    return new Response("no", { status: 403 });
  });
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  const timers = new Set<unknown>();
  let setCount = 0;
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const undos = [
    replace(
      globalThis,
      "setTimeout",
      ((run: () => void, ms?: number) => {
        const timer = set(run, ms);
        if (ms === 2000) timers.add(timer) && setCount++;
        return timer;
      }) as typeof setTimeout,
    ),
    replace(globalThis, "clearTimeout", (timer?: number) => {
      timers.delete(timer);
      clear(timer);
    }),
  ];
  try {
    const refusing = `http://127.0.0.1:${server.addr.port}/no.bin`;
    const pull = (url: string) => ["pull", url, "app.bin"];
    const runs = [pull(`${host.origin}/app.bin`), pull(refusing), ["push", "app.bin", refusing]];
    for (const args of runs) await run(folder, args);
    assert.equal(setCount, 0);
    await Deno.writeFile(`${folder}/app.bin`, OLD);
    for (const [i, args] of runs.entries()) {
      await run(folder, [...args, "--progress"]);
      assert.deepEqual([setCount, timers.size], [i + 1, 0], `${args}`);
    }
  } finally {
    for (const undo of undos) undo();
  }
});
