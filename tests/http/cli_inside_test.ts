/** What `pull` and `push` say, exactly: in this process, against a host on this machine. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { syncHandler } from "rsync-streams/http";
import { assertFile } from "../_cli_cases.ts";
import { assertBytes } from "../_helpers.ts";
import { inFolder, names } from "../_cli_runner.ts";
import { type Output, run, type RunOptions } from "../_cli_inside.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { until } from "../_until.ts";
import { CliHost, FRESH, NEW, OLD, sigOf } from "./_cli_host.ts";
import { pausesDuring } from "./_pauses.ts";
import { Store } from "./_store.ts";

const DIGEST = createHash("sha256").update(NEW).digest("hex");
const PART = ".app.bin.rsync-streams.part";

function inside(name: string, work: (folder: string, host: CliHost) => Promise<void>): void {
  Deno.test(`runCli() ${name}`, () =>
    inFolder(async (folder) => {
      await using host = new CliHost();
      await host.publish("/app.bin", NEW);
      await work(folder, host);
    }));
}

/** Runs a command that succeeds, and returns what it says on the standard error, and what it prints. */
async function succeeds(folder: string, args: string[], options?: RunOptions): Promise<[err: string, out: string]> {
  const { code, out, err } = await run(folder, args, options);
  assert.equal(code, 0, err);
  return [err, out];
}

/** Runs a command that fails, without the pauses between its attempts. */
async function gaveUp(folder: string, args: string[]): Promise<string> {
  let output: Output | undefined;
  await pausesDuring(async () => {
    output = await run(folder, args);
  });
  assert.equal(output!.code, 109, output!.err);
  return output!.err;
}

async function fails(folder: string, args: string[], code: number, message: string, options?: RunOptions) {
  assert.deepEqual(await run(folder, args, options), { code, out: "", err: `rsync-streams: ${message}\n` });
}

/** Bytes that answers to a run had, as it counts them. */
function countsOf(err: string) {
  const match = /^rsync-streams: pull: (\d+) bytes in (\d+) requests \((\d+) retries\); (.*) written; TIME\n$/.exec(
    err,
  );
  assert.ok(match, err);
  const [, bytes, requests, retries, written] = match;
  return { bytes: Number(bytes), requests: Number(requests), retries: Number(retries), written };
}

inside("pull counts bytes, requests and what is written", async (folder, host) => {
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  const args = ["pull", "--statistics", `${host.origin}/app.bin`, "app.bin"];
  const updated = countsOf((await succeeds(folder, args))[0]);
  assert.deepEqual([updated.requests, updated.retries, updated.written], [host.requests.length, 0, "700000 bytes"]);
  assert.ok(updated.bytes > host.sentLength && updated.bytes < host.sentLength + 20_000);
  const before = host.requests.length;
  const [said] = await succeeds(folder, args);
  const [line, counts] = said.split(/(?<=\n)/);
  assert.equal(line, "rsync-streams: app.bin is up to date\n");
  const same = countsOf(counts!);
  assert.deepEqual([same.requests, same.written], [host.requests.length - before, "nothing"]);
});

inside("pull tells with -v what it found, and on a terminal what it did", async (folder, host) => {
  const args = ["pull", `${host.origin}/app.bin`, "app.bin"];
  const [first] = await succeeds(folder, [...args, "-v"]);
  const whole = "the whole file, since there is no local file to copy from, 0 bytes kept by an earlier pull";
  assert.equal(first, `rsync-streams: pull of ${folder}/app.bin: ${whole}\n`.replace(`${folder}/`, ""));
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  const [second] = await succeeds(folder, [...args, "-v"]);
  const seen = /^rsync-streams: pull of app\.bin: (\d+) bytes are missing in 1 pieces, fetched as ranges, 0 bytes kept/;
  const missing = Number(seen.exec(second)?.[1]);
  assert.ok(missing >= FRESH.length && missing < FRESH.length + 40_000, second);
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  const [third] = await succeeds(folder, [...args, "--no-progress"], { isTerminal: true });
  const [, fetched, share] = /^rsync-streams: app\.bin is updated: ([\d.]+) kB of 700\.0 kB \(([\d.]+) %\) fetched\n$/
    .exec(third) ?? [];
  assert.ok(Math.abs(Number(fetched) / 7 - Number(share)) < 0.1 && Number(fetched) * 1000 > FRESH.length, third);
  for (const quiet of [["-q"], ["--json"]]) {
    await Deno.writeFile(`${folder}/app.bin`, OLD);
    const [err] = await succeeds(folder, [...args, "--no-progress", ...quiet], { isTerminal: true });
    assert.equal(err, "");
  }
});

inside("pull leaves what is up to date by length and digest, and nothing else", async (folder, host) => {
  const args = ["pull", `${host.origin}/app.bin`, "app.bin"];
  const other = NEW.slice();
  other[650_000]! ^= 1;
  for (const [bytes, said] of [[NEW, "rsync-streams: app.bin is up to date\n"], [other, ""]] as const) {
    await Deno.writeFile(`${folder}/app.bin`, bytes);
    assert.deepEqual(await succeeds(folder, args), [said, ""]);
    await assertFile(`${folder}/app.bin`, NEW);
    assert.deepEqual(await succeeds(folder, [...args, "-q"]), ["", ""]);
  }
  for (const [bytes, isUpToDate] of [[NEW, true], [other, false], [OLD, false]] as const) {
    await Deno.writeFile(`${folder}/app.bin`, bytes);
    const [, plan] = await succeeds(folder, [...args, "--plan"]);
    assert.equal(plan.includes("\nway          none: the file is up to date\n"), isUpToDate, plan);
    const { status } = JSON.parse((await succeeds(folder, [...args, "--plan", "--json"]))[1]);
    assert.equal(status, isUpToDate ? "up-to-date" : "planned");
  }
  // Without a signature nothing says what it should be.
  host.files.set("/bare", NEW);
  await Deno.writeFile(`${folder}/app.bin`, NEW);
  const [warning] = await succeeds(folder, ["pull", `${host.origin}/bare`, "app.bin"]);
  assert.equal(
    warning,
    "rsync-streams: warning: the result is not verified, since the server has no .rsig of it: " +
      "compare it by other means\n",
  );
});

inside("pull --plan is exact where nothing is known, too", async (folder, host) => {
  host.files.set("/bare", NEW);
  const bare = `${host.origin}/bare`;
  const plan = (length: string, missing: string, expected: string) =>
    `${bare} → ${folder}/none.bin
length       ${length}
SHA-256      not known
copied       0 bytes${length === "not known" ? "" : " (0.0 %)"}
missing      ${missing}
way          the whole file: there is no local file to copy from
expected     ${expected}
saved        0.0 %
`.replace(`${folder}/`, "");
  const args = ["pull", "--plan", bare, "none.bin"];
  const [, known] = await succeeds(folder, args);
  const requests = host.requests.length + 1;
  assert.equal(
    known,
    plan("700000 bytes", "700000 bytes (100.0 %) in 1 piece", `700000 bytes in ${requests} requests`),
  );
});

inside("pull keeps the bodies of answers as they come, in a part that only its owner reads", async (folder, host) => {
  host.failsAfter = 250_000;
  const args = ["pull", `${host.origin}/app.bin`, "app.bin"];
  assert.match(
    await gaveUp(folder, args),
    /: the server answered with status 503: it is busy; 250\.0 kB are kept for the next attempt\n$/,
  );
  const kept = await Deno.readFile(`${folder}/${PART}`);
  assertBytes(kept, NEW.slice(0, 250_000));
  assert.deepEqual(await names(folder), [PART]);
  assert.equal((await Deno.stat(`${folder}/${PART}`)).mode! & 0o777, 0o600);
  host.reset();
  const plan = JSON.parse((await succeeds(folder, [...args, "--plan", "--json"]))[1]);
  assert.deepEqual([plan.keptLength, plan.status], [250_000, "planned"]);
  assert.ok(plan.plan.copiedLength > 220_000, `${plan.plan.copiedLength}`);
  const [said] = await succeeds(folder, [...args, "-v"]);
  assert.match(said, /fetched as ranges, 250000 bytes kept by an earlier pull\n$/);
  assert.ok(host.sentLength < 480_000, `${host.sentLength}`);
  await assertFile(`${folder}/app.bin`, NEW);
  assert.deepEqual(await names(folder), ["app.bin"]);
});

inside("pull keeps each answer behind those before, also where no length is told", async (folder, host) => {
  for (const tellsLength of [true, false]) {
    let count = 0;
    // A place of the length that was told is left for the first.
    const second = tellsLength ? NEW.length : 100_000;
    const kept = () => Deno.readFile(`${folder}/${PART}`).catch(() => undefined);
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
      const { pathname } = new URL(request.url);
      const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.get("range") ?? "");
      if (pathname.endsWith(".rsig")) return new Response(host.files.get("/app.bin.rsig"));
      if (++count > 2) return new Response(null, { status: 503 });
      const from = Number(range?.[1] ?? 0);
      // The first answers break off, once what came is written.
      const length = count === 1 ? 100_000 : second + 50_000;
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(NEW.slice(from, from + 100_000 / count)),
        async pull(controller) {
          await until("bytes that are kept", async () => (await kept())?.length === length);
          controller.error(new Error("enough"));
        },
      });
      const told = { "Content-Range": `bytes ${from}-${NEW.length - 1}/${NEW.length}` };
      return new Response(body, {
        status: range ? 206 : 200,
        headers: { ...range && told, ...tellsLength && { "Content-Length": `${NEW.length - from}` } },
      });
    });
    try {
      await gaveUp(folder, ["pull", `http://127.0.0.1:${server.addr.port}/app.bin`, "app.bin"]);
    } finally {
      await server.shutdown();
    }
    const part = await Deno.readFile(`${folder}/${PART}`);
    assertBytes(part.slice(0, 100_000), NEW.slice(0, 100_000));
    assertBytes(part.slice(second), NEW.slice(100_000, 150_000));
    await Deno.remove(`${folder}/${PART}`);
  }
});

inside("pull and push tell with --progress how far they are, of what is fetched or written", async (folder, host) => {
  const shown = async (args: string[]) => {
    const [err] = await succeeds(folder, [...args, "--progress", "-q"]);
    return err.replace(/ [\d.]+ [kMG]?B\/s/, " RATE").replace(/^rsync-streams: /, "").trimEnd();
  };
  const pull = async (bytes: Uint8Array, url = `${host.origin}/app.bin`) => {
    await Deno.writeFile(`${folder}/app.bin`, bytes);
    return await shown(["pull", url, "app.bin"]);
  };
  const [, fetched] = /^100\.0 % of ([\d.]+) kB \| RATE \| writing$/.exec(await pull(OLD)) ?? [];
  assert.ok(Math.abs(Number(fetched) * 1000 - host.sentLength) < 1000, `${fetched} kB of ${host.sentLength}`);
  assert.equal(await pull(concat([FRESH, NEW])), "100.0 % of 700.0 kB | RATE");
  host.files.set("/bare", NEW);
  assert.equal(await pull(OLD, `${host.origin}/bare`), "700.0 kB | RATE");
  await withStore(async (_, url) => {
    assert.match(await pull(OLD.slice(0, 300_000), `${url}app.bin`), /^100\.0 % of 1\d\d\.\d kB \| RATE \| writing$/);
    await Deno.writeFile(`${folder}/app.bin`, NEW);
    assert.match(await shown(["push", "app.bin", url]), /^3\d\d\.\d kB \| RATE$/);
    await Deno.writeFile(`${folder}/app.bin`, FRESH);
    assert.equal(await shown(["push", "--plan", "app.bin", url]), "");
  });
});

inside("pull drops what it kept where the file is up to date, or where that is of no use", async (folder, host) => {
  const args = ["pull", `${host.origin}/app.bin`, "app.bin"];
  await Deno.writeFile(`${folder}/app.bin`, NEW);
  await Deno.writeFile(`${folder}/${PART}`, randomBytes(9, 1000));
  assert.deepEqual(await succeeds(folder, args), ["rsync-streams: app.bin is up to date\n", ""]);
  assert.deepEqual(await names(folder), ["app.bin"]);
  await Deno.writeFile(`${folder}/app.bin`, randomBytes(8, 5000));
  await Deno.writeFile(`${folder}/${PART}`, randomBytes(9, 300_000));
  host.failsAfter = 100_000;
  await gaveUp(folder, args);
  assertBytes(await Deno.readFile(`${folder}/${PART}`), NEW.slice(0, 100_000));
});

inside("pull keeps behind what an earlier one has left", async (folder, host) => {
  const args = ["pull", `${host.origin}/app.bin`, "app.bin"];
  host.failsAfter = 200_000;
  await gaveUp(folder, args);
  host.reset();
  host.failsAfter = 100_000;
  await gaveUp(folder, args);
  const kept = await Deno.readFile(`${folder}/${PART}`);
  assertBytes(kept.slice(0, 200_000), NEW.slice(0, 200_000));
  // Blocks on the border came again.
  const more = kept.slice(200_000);
  assert.ok(more.length >= 100_000 && more.length <= 120_000, `${more.length}`);
  const at = NEW.length - NEW.toReversed().findIndex((_, i) => {
    const end = NEW.length - i;
    return end - 64 >= 0 && more.slice(0, 64).every((byte, k) => NEW[end - 64 + k] === byte);
  }) - 64;
  assertBytes(more.slice(0, 50_000), NEW.slice(at, at + 50_000));
  assert.ok(at > 150_000 && at <= 200_000, `${at}`);
});

inside("pull keeps nothing that could not be found again", async (folder, host) => {
  host.files.set("/bare", NEW);
  host.failsAfter = 300_000;
  assert.doesNotMatch(await gaveUp(folder, ["pull", `${host.origin}/bare`, "app.bin"]), /kept/);
  assert.deepEqual(await names(folder), []);
  // What is in the place of the part is nothing to write to: the pull goes on without.
  await Deno.mkdir(`${folder}/${PART}`);
  host.reset();
  await succeeds(folder, ["pull", `${host.origin}/app.bin`, "app.bin"]);
  await assertFile(`${folder}/app.bin`, NEW);
  assert.deepEqual(await names(folder), [PART, "app.bin"]);
});

inside("pull shortens the name of a part to 50 letters, with a sum of the name", async (folder, host) => {
  for (const letter of ["a", "ä"]) {
    for (const count of [50, 51, 120]) {
      const name = letter.repeat(count);
      host.reset();
      host.failsAfter = 100_000;
      await gaveUp(folder, ["pull", `${host.origin}/app.bin`, `${folder}/${name}`]);
      const sum = createHash("sha256").update(name).digest("hex").slice(0, 8);
      const short = count === 50 ? name : `${letter.repeat(50)}-${sum}`;
      assert.deepEqual(await names(folder), [`.${short}.rsync-streams.part`]);
      await Deno.remove(`${folder}/.${short}.rsync-streams.part`);
    }
  }
});

inside("pull keeps beside the file that a link leads to", async (folder, host) => {
  await Deno.mkdir(`${folder}/deep`);
  await Deno.writeFile(`${folder}/deep/real.bin`, OLD);
  await Deno.symlink("deep/real.bin", `${folder}/app.bin`);
  host.failsAfter = 100_000;
  await gaveUp(folder, ["pull", `${host.origin}/app.bin`, "app.bin"]);
  assert.deepEqual(await names(`${folder}/deep`), [".real.bin.rsync-streams.part", "real.bin"]);
});

inside("pull --basis copies from the part and from the other file", async (folder, host) => {
  await Deno.writeFile(`${folder}/old.bin`, OLD);
  await Deno.writeFile(`${folder}/${PART}`, FRESH);
  const [, printed] = await succeeds(folder, [
    "pull",
    "--json",
    "--basis",
    "old.bin",
    `${host.origin}/app.bin`,
    "app.bin",
  ]);
  const { plan, keptLength } = JSON.parse(printed);
  assert.equal(keptLength, FRESH.length);
  assert.ok(plan.missingLength < 40_000, `${plan.missingLength}`);
  await assertFile(`${folder}/app.bin`, NEW);
  await assertFile(`${folder}/old.bin`, OLD);
});

inside("pull ends with 107 at a signal, and keeps what it has fetched", async (folder, host) => {
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  const args = ["pull", `${host.origin}/app.bin`, "app.bin"];
  assert.equal((await run(folder, args, { signal: controller.signal })).code, 107);
  const during = new AbortController();
  host.stallsAfter = 50_000;
  const running = run(folder, args, { signal: during.signal });
  await until("bytes that are kept", async () => (await names(folder)).includes(PART));
  during.abort(new Error("enough"));
  assert.equal((await running).code, 107);
  assert.deepEqual(await names(folder), [PART]);
});

/** What a push needs of a server: it takes uploads into memory. */
async function withStore(work: (store: Store, url: string) => Promise<void>): Promise<void> {
  const store = new Store({ "/app.bin": OLD });
  const handler = store.writer();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, handler);
  try {
    await work(store, `http://127.0.0.1:${server.addr.port}/`);
  } finally {
    await server.shutdown();
  }
}

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
          "to send {6}0 bytes\nreceived {5}\\d+ bytes\nrequests {5}\\d+\nsaved {8}– %\n$",
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
    await fails(folder, ["push", "app.bin", `${host.origin}/app.bin`], 109, noHandler);
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
