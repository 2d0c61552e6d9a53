/** The command `push`, against the command `serve --writable`. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { runCli } from "rsync-streams/cli";
import { assertFile } from "../_cli_cases.ts";
import { cli, DENO, fails, names, quiet } from "../_cli_runner.ts";
import { runtimes } from "../_cli_runtimes.ts";
import { randomBytes } from "../_recipes.ts";
import { FRESH, NEW, OLD, test } from "./_cli_host.ts";
import { CliServer } from "./_cli_server.ts";
import { until } from "../_until.ts";

const DELTA_TYPE = "application/vnd.rsync-streams.delta";

/** Puts the old file on a server, and the new one beside it. */
async function prepare(folder: string): Promise<string> {
  await Deno.mkdir(`${folder}/dir`);
  await Deno.writeFile(`${folder}/dir/app.bin`, OLD, { mode: 0o640 });
  await Deno.writeFile(`${folder}/app.bin`, NEW);
  return `${folder}/dir`;
}

async function json(args: string[], folder: string) {
  return JSON.parse(new TextDecoder().decode(await quiet(cli(DENO, args, folder))));
}

for (const runtime of runtimes) {
  test(`push in ${runtime.name} replaces and creates files of serve in it`, async (folder) => {
    const root = await prepare(folder);
    await using server = await CliServer.start(runtime, root, "--writable");
    await quiet(cli(runtime, ["push", "app.bin", server.url], folder));
    await assertFile(`${root}/app.bin`, NEW);
    assert.equal((await Deno.stat(`${root}/app.bin`)).mode! & 0o777, 0o640);
    const again = await cli(runtime, ["push", "app.bin", server.url], folder);
    assert.deepEqual([again.code, again.stderr], [0, `rsync-streams: ${server.url}app.bin is up to date\n`]);
    await quiet(cli(runtime, ["push", "-q", "app.bin", server.url], folder));
    await quiet(cli(runtime, ["push", "app.bin", `${server.url}new%20name`], folder));
    await assertFile(`${root}/new name`, NEW);
    assert.deepEqual(await names(root), ["app.bin", "new name"]);
    assert.match(await server.end(), /PATCH \/app\.bin 204 0 B .*PATCH \/new%20name 201 0 B /s);
  });

  test(`push to serve in ${runtime.name} leaves nothing when it is cut, or the server ends`, async (folder) => {
    const root = await prepare(folder);
    await using server = await CliServer.start(runtime, root, "--writable");
    const headers = `Content-Type: ${DELTA_TYPE}\r\nIf-None-Match: *\r\nTransfer-Encoding: chunked\r\n`;
    // Half of a delta that is one long literal.
    await Deno.writeFile(`${folder}/long`, randomBytes(5, 3_000_000));
    const { stdout: sig } = await cli(DENO, ["signature", "-"], folder, new Uint8Array(0));
    const { stdout: delta } = await cli(DENO, ["delta", "-", "long"], folder, sig);
    const start = async () => {
      const connection = await Deno.connect({ port: server.port, hostname: "127.0.0.1" });
      const head = `PATCH /new HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n${delta.length.toString(16)}\r\n`;
      await connection.write(new TextEncoder().encode(head));
      const half = delta.subarray(0, delta.length >> 1);
      for (let at = 0; at < half.length;) at += await connection.write(half.subarray(at));
      await until("a temporary file", async () => (await names(root)).length === 2);
      return connection;
    };
    (await start()).close();
    await until("no temporary file", async () => (await names(root)).length === 1);
    assert.deepEqual(await names(root), ["app.bin"]);
    const open = await start();
    await server.end();
    open.close();
    assert.deepEqual(await names(root), ["app.bin"]);
    await assertFile(`${root}/app.bin`, OLD);
  });
}

test("push --plan says what would be sent, and sends nothing", async (folder) => {
  const root = await prepare(folder);
  await using server = await CliServer.start(DENO, root, "--writable");
  const url = `${server.url}app.bin`;
  const digest = createHash("sha256").update(NEW).digest("hex");
  const planned = await json(["push", "--plan", "--json", "app.bin", url], folder);
  const { bytesIn, bytesSent, bytesRead, requests, copiedBytes, literalBytes, ...certain } = planned.stats;
  assert.ok(bytesRead >= 2 * NEW.length, `${bytesRead} bytes: for the digest, and in search`);
  assert.ok(planned.elapsedMs >= 0);
  assert.deepEqual({ ...planned, stats: certain, elapsedMs: 0 }, {
    url,
    file: "app.bin",
    status: "planned",
    entityTag: null,
    stats: { retries: 0, fallback: null, digest },
    elapsedMs: 0,
  });
  assert.equal(copiedBytes + literalBytes, NEW.length);
  assert.ok(literalBytes >= FRESH.length && bytesSent >= FRESH.length && bytesSent < FRESH.length + 40_000);
  const text = new TextDecoder().decode(await quiet(cli(DENO, ["push", "--plan", "app.bin", url], folder)));
  assert.equal(
    text,
    `app.bin → ${url}
SHA-256      ${digest}
there        ${copiedBytes} bytes (${(copiedBytes / 7000).toFixed(1)} %)
not there    ${literalBytes} bytes (${(literalBytes / 7000).toFixed(1)} %)
way          what the server does not have
to send      ${bytesSent} bytes
received     ${bytesIn} bytes
requests     ${requests}
saved        ${(100 - (bytesSent + bytesIn) / 7000).toFixed(1)} %
`,
  );
  await assertFile(`${root}/app.bin`, OLD);
  assert.doesNotMatch(await server.end(), /PATCH/);
});

test("push --json says what was done", async (folder) => {
  const root = await prepare(folder);
  await using server = await CliServer.start(DENO, root, "--writable");
  const updated = await json(["push", "--json", "app.bin", server.url], folder);
  assert.deepEqual([updated.status, updated.url], ["updated", `${server.url}app.bin`]);
  const response = await fetch(updated.url, { method: "HEAD" });
  assert.equal(updated.entityTag, response.headers.get("etag"));
  const unchanged = await json(["push", "--json", "app.bin", server.url], folder);
  assert.deepEqual([unchanged.status, unchanged.entityTag], ["unchanged", updated.entityTag]);
  const created = await json(["push", "--json", "app.bin", `${server.url}new`], folder);
  assert.deepEqual([created.status, created.stats.fallback], ["created", "no-file"]);
});

test("push by two at once: each file is one of theirs, and a loser exits with 110", async (folder) => {
  const root = await prepare(folder);
  await using server = await CliServer.start(DENO, root, "--writable", "-q");
  const targets = [1, 2, 3].map((seed) => randomBytes(seed + 10, 3_000_000));
  for (const [i, bytes] of targets.entries()) await Deno.writeFile(`${folder}/${i}`, bytes);
  const runs = await Promise.all(targets.map((_, i) => cli(DENO, ["push", `${i}`, `${server.url}app.bin`], folder)));
  const codes = runs.map(({ code }) => code);
  assert.ok(codes.includes(0) && codes.every((code) => code === 0 || code === 110), codes.join());
  for (const { code, stderr } of runs) {
    // Told by a status, or where the signature changes while it is read.
    if (code === 110) {
      assert.match(stderr, /the file there was changed or created meanwhile: push again, or pull first\n$/);
    }
  }
  const stored = await Deno.readFile(`${root}/app.bin`);
  const winners = targets.filter((_, i) => codes[i] === 0);
  assert.ok(winners.some((bytes) => bytes.every((byte, i) => byte === stored[i])));
  assert.deepEqual(await names(root), ["app.bin"]);
});

test("push does not write outside of the folder, or to hidden files", async (folder) => {
  const root = await prepare(folder);
  await Deno.symlink(`${folder}/outside`, `${root}/dangling`);
  await Deno.symlink(folder, `${root}/up`);
  await Deno.writeTextFile(`${root}/.env`, "hidden");
  await using server = await CliServer.start(DENO, root, "--writable", "-q");
  const cases: [path: string, status: number][] = [
    ["dangling", 403],
    ["up/outside", 409],
    ["none/file", 409],
    [".env", 403],
    ["%2e%2e%2foutside", 403],
    ["..%5coutside", 403],
    ["a%00b", 403],
    ["app.bin/x", 409],
  ];
  for (const [path, status] of cases) {
    const message = new RegExp(`the server answered with status ${status}: Cannot create the file: `);
    await fails(cli(DENO, ["push", "app.bin", server.url + path], folder), 109, message);
  }
  assert.deepEqual(await names(folder), ["app.bin", "dir"]);
  assert.deepEqual(await names(root), [".env", "app.bin", "dangling", "up"]);
  assert.equal(await Deno.readTextFile(`${root}/.env`), "hidden");
  await assertFile(`${root}/app.bin`, OLD);
});

test("push says what is wrong, and changes nothing", async (folder, host) => {
  const root = await prepare(folder);
  await using server = await CliServer.start(DENO, root, "-q");
  await fails(
    cli(DENO, ["push", "app.bin", server.url], folder),
    109,
    /the server answered with status 405: Cannot answer PATCH: /,
  );
  await fails(cli(DENO, ["push", "none", server.url], folder), 100, /cannot open none: no such file/);
  await fails(cli(DENO, ["push", "-", server.url], folder), 101, /a file has to be named/);
  await fails(cli(DENO, ["push", "app.bin"], folder), 101, /push \[OPTIONS\] FILE URL/);
  await fails(cli(DENO, ["push", "app.bin", "file:///x"], folder), 101, /an http: or https: URL was expected/);
  await fails(cli(DENO, ["--rdiff", "push", "app.bin", server.url], folder), 101, /^rdiff: unknown command "push"/);
  const { code, stderr } = await cli(DENO, ["push", "app.bin", `${host.origin}/app.bin`, "-q"], folder);
  assert.deepEqual([code, stderr], [0, ""], "the host has the same file already");
  assert.equal(await runCli(["push", `${folder}/app.bin`, server.url]), 109);
  await assertFile(`${root}/app.bin`, OLD);
});
