/** What `push` says, exactly, and what it sends: in this process. */
import assert from "node:assert/strict";
import { syncHandler } from "rsync-streams/http";
import { withClock } from "../_clock.ts";
import { assertBytes } from "../_helpers.ts";
import { run } from "../_cli_inside.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { FRESH, NEW, OLD, sigOf } from "./_cli_host.ts";
import { DIGEST, fails, inside, succeeds, withStore } from "./_cli_runs.ts";
import { Store } from "./_store.ts";

inside("push says what was sent, and what the server has", async (folder) => {
  await withStore(async (store, url) => {
    await Deno.writeFile(`${folder}/app.bin`, NEW);
    const [err] = await succeeds(folder, ["push", "--statistics", "-v", "app.bin", url]);
    assertBytes(store.files.get("/app.bin")!.bytes, NEW);
    const [detail, counts] = err.split(/(?<=\n)/);
    assert.equal(detail, `rsync-streams: push of app.bin: updated, SHA-256 ${DIGEST}\n`);
    const seen = new RegExp(
      "^rsync-streams: push: (\\d+) bytes sent and (\\d+) received in (\\d+) requests; " +
        "(\\d+) bytes were there, (\\d+) were not; TIME\n$",
    ).exec(counts!);
    assert.ok(seen, String(counts));
    const [sent, received, requests, there, other] = seen.slice(1).map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    assert.equal(there + other, NEW.length);
    assert.ok(other >= FRESH.length && other < FRESH.length + 40_000 && sent > other - 1000 && sent < other + 1000);
    assert.ok(requests >= 2 && requests < 8 && received > 100 && received < 40_000);
    assert.deepEqual(await succeeds(folder, ["push", "app.bin", url]), [
      `rsync-streams: ${url}app.bin is up to date\n`,
      "",
    ]);
    assert.deepEqual(await succeeds(folder, ["push", "-q", "app.bin", `${url}app.bin`]), ["", ""]);
    const [same] = await succeeds(folder, ["push", "-v", "-q", "app.bin", `${url}app.bin`]);
    assert.equal(same, `rsync-streams: push of app.bin: unchanged, SHA-256 ${DIGEST}\n`);
  });
});

inside("push tells on a terminal what it did, and creates files of any name", async (folder) => {
  await withStore(async (store, url) => {
    await Deno.writeFile(`${folder}/a b.bin`, FRESH);
    const [created] = await succeeds(folder, ["push", "--no-progress", `${folder}/a b.bin`, url], { isTerminal: true });
    const [, sent, share] =
      /^rsync-streams: http:\S+\/a%20b\.bin is created: ([\d.]+) kB of 300\.0 kB \(([\d.]+) %\) sent\n$/.exec(
        created,
      ) ??
        [];
    assert.ok(Math.abs(Number(sent) / 3 - Number(share)) < 0.1, created);
    assertBytes(store.files.get("/a%20b.bin")!.bytes, FRESH);
    // Signs of URLs stand for themselves in a name.
    for (const name of ["%41.bin", "50%.bin", "a#b.bin", "a?b.bin", "a&b;c=d.bin", "ä.bin"]) {
      await Deno.writeFile(`${folder}/${name}`, FRESH);
      await succeeds(folder, ["push", `${folder}/${name}`, url]);
      assertBytes(store.files.get(`/${encodeURIComponent(name)}`)!.bytes, FRESH);
    }
    await succeeds(folder, ["push", `${folder}/a b.bin`, `${url}deep/folder/`]);
    assertBytes(store.files.get("/deep/folder/a%20b.bin")!.bytes, FRESH);
    await Deno.writeFile(`${folder}/empty.bin`, new Uint8Array(0));
    const [empty] = await succeeds(folder, ["push", "--no-progress", "empty.bin", url], { isTerminal: true });
    assert.match(empty, /\/empty\.bin is created: \d+ B of 0 B sent\n$/);
    for (const quiet of [["-q"], ["--json"]]) {
      await Deno.writeFile(`${folder}/app.bin`, concat([NEW, FRESH.slice(0, quiet[0]!.length)]));
      assert.equal(
        (await succeeds(folder, ["push", "--no-progress", ...quiet, "app.bin", url], { isTerminal: true }))[0],
        "",
      );
    }
  });
});

inside("push --plan is exact for a file that is there, is the same, is not there, or is long", async (folder) => {
  await withStore(async (store, url) => {
    const planOf = async (...args: string[]) => (await succeeds(folder, ["push", "--plan", ...args]))[1];
    await Deno.writeFile(`${folder}/app.bin`, OLD);
    assert.match(
      await planOf("app.bin", url),
      new RegExp(
        "^app.bin → \\S+/app.bin\nSHA-256 {6}[\\da-f]{64}\nway {10}none: the file is up to date\n" +
          "to send {6}0 bytes\nreceived {5}\\d+ bytes\nrequests {5}\\d+\n$",
      ),
    );
    await Deno.writeFile(`${folder}/new.bin`, FRESH);
    const created = await planOf("new.bin", url);
    assert.match(created, /\nthere {8}0 bytes \(0\.0 %\)\nnot there {4}300000 bytes \(100\.0 %\)\n/);
    assert.match(created, /\nway {10}the whole file: the server has none\nto send {6}30\d{4} bytes\n/);
    assert.match(created, /\nsaved {8}0\.0 %\n$/);
    const { stats, status } = JSON.parse(await planOf("--json", "new.bin", url));
    assert.deepEqual([status, stats.fallback, stats.copiedBytes, stats.literalBytes], [
      "planned",
      "no-file",
      0,
      300_000,
    ]);
    assert.ok(stats.bytesSent > 300_000 && stats.bytesSent < 301_000);
    // It is not known how long a delta is that is made while it is sent.
    await Deno.writeFile(`${folder}/long.bin`, randomBytes(7, 34 * 2 ** 20));
    assert.match(await planOf("long.bin", url), /\nto send {6}at most 35651584 bytes\n/);
    assert.equal(JSON.parse(await planOf("--json", "long.bin", url)).stats.bytesSent, null);
    assert.equal(store.commits.length, 0);
  });
});

inside("push --plan shows how much it reads, and nothing of what it would send", async (folder) => {
  await withStore(async (_, url) => {
    await Deno.writeFile(`${folder}/app.bin`, NEW);
    await Deno.writeFile(`${folder}/long.bin`, randomBytes(6, 8 * 2 ** 20));
    const shown = async (name: string, stepMs: number) => {
      let now = performance.now();
      const args = ["push", "--plan", "--progress", "-q", name, url];
      const [err] = await withClock(() => now += stepMs, () => succeeds(folder, args));
      return err;
    };
    // Each step is a line of its own.
    const lines = (await shown("long.bin", 2000)).split("\n").slice(0, -1);
    assert.ok(lines.length > 4, `${lines}`);
    for (const line of lines) assert.match(line, /^rsync-streams: [\d.]+ [kM]?B \| .* \| reading the file$/);
    // It is over within a second. What would be the next line is not printed at the end.
    for (const stepMs of [3, 5]) assert.equal(await shown("app.bin", stepMs), "", `${stepMs}`);
  });
});

inside(
  "push shows a new total where the server could not use the copies, and all of the file is sent",
  async (folder) => {
    await Deno.writeFile(`${folder}/app.bin`, NEW);
    const handler = new Store({ "/app.bin": OLD }).writer();
    let isFirst = true;
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
      if (request.method !== "PATCH" || !isFirst) return await handler(request);
      isFirst = false;
      await request.arrayBuffer();
      return new Response(null, { status: 422 });
    });
    try {
      const url = `http://127.0.0.1:${server.addr.port}/`;
      const [err] = await succeeds(folder, ["push", "--progress", "-q", "app.bin", url]);
      // What was sent in vain counts: 300 kB of a delta, and 700 kB of the file.
      assert.match(err, /^rsync-streams: 100\.0 % of 1\.0 MB \| .*\n$/);
    } finally {
      await server.shutdown();
    }
  },
);

inside("push refuses what it cannot do, and says why", async (folder, host) => {
  await withStore(async (_, url) => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await Deno.writeFile(`${folder}/app.bin`, NEW);
    assert.equal((await run(folder, ["push", "app.bin", url], { signal: controller.signal })).code, 107);
    await fails(folder, ["push", "none.bin", url], 100, "cannot open none.bin: no such file or folder");
    const noHandler =
      `cannot send the update: ${host.origin}/app.bin.rsig has no strong entity tag, so this is a host of files, ` +
      "and not a handler that takes uploads";
    await Deno.writeFile(`${folder}/app.bin`, OLD);
    const push = ["push", "app.bin", `${host.origin}/app.bin`];
    await fails(folder, push, 109, noHandler);
    // Its signature is that of the local file, and what is there is another one, or nothing.
    await host.publish("/app.bin", OLD);
    assert.deepEqual(await succeeds(folder, push), [`rsync-streams: ${host.origin}/app.bin is up to date\n`, ""]);
    host.files.set("/app.bin", NEW);
    await fails(folder, push, 109, noHandler);
    host.files.delete("/app.bin");
    await fails(folder, push, 109, noHandler);
  });
});

inside("pull and push send the headers and the credentials that are given", async (folder, host) => {
  const seen: Headers[] = [];
  const answer = syncHandler({ open: () => ({ basis: NEW, size: NEW.length, entityTag: '"1"' }) });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    seen.push(request.headers);
    return answer(request);
  });
  try {
    const place = `127.0.0.1:${server.addr.port}/app.bin`;
    const headers = ["--header", "X-One:1", "--header", "X-One: \t2", "--header", "X-Two:"];
    await succeeds(folder, ["pull", ...headers, `http://${place}`, "app.bin"]);
    for (const one of seen.splice(0)) {
      assert.deepEqual([one.get("x-one"), one.get("x-two"), one.get("authorization")], ["1, 2", "", null]);
    }
    await succeeds(folder, ["pull", `http://m%C3%A9:@${place}`, "app.bin", "-q"]);
    const basic = `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode("mé:")))}`;
    for (const one of seen.splice(0)) assert.equal(one.get("authorization"), basic);
    await succeeds(folder, ["push", "app.bin", `http://:p@${place}`, "-q"]);
    for (const one of seen.splice(0)) assert.equal(one.get("authorization"), `Basic ${btoa(":p")}`);
    // A password may have a percent sign of its own, and bytes that are not UTF-8.
    await succeeds(folder, [
      "pull",
      "--sig",
      `http://me:50%%FF%zz@${place}.rsig`,
      `http://me:50%%FF%zz@${place}`,
      "app.bin",
      "-q",
    ]);
    for (const one of seen.splice(0)) assert.equal(one.get("authorization"), `Basic ${btoa("me:50%\xff%zz")}`);
    const why = "cannot use --sig: its name and password are not those of the URL of the file";
    for (const [url, sig] of [[place, "me:secret@"], [`me:other@${place}`, "me:secret@"], [place, ":secret@"]]) {
      const args = ["pull", "--sig", `http://${sig}${place}.rsig`, `http://${url}`];
      await fails(folder, args, 101, `${why}; try "rsync-streams pull --help"`);
    }
  } finally {
    await server.shutdown();
  }
  host.files.set("/sums", await sigOf(NEW));
  host.files.set("/dir/bare", NEW);
  const elsewhere = async (sig: string) => {
    host.reset();
    await succeeds(folder, ["pull", "--sig", sig, `${host.origin}/dir/bare#part`, "other.bin", "-q"]);
    return host.requests[0];
  };
  assert.equal(await elsewhere("/sums"), "GET /sums bytes=-2048");
  assert.equal(await elsewhere("../sums"), "GET /sums bytes=-2048");
  assert.equal(await elsewhere(`${host.origin}/sums`), "GET /sums bytes=-2048");
});
