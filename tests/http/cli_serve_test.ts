/** The command `serve`: what it gives, and what it never gives. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { assertFile, test } from "../_cli_cases.ts";
import { cli, DENO, fails, quiet } from "../_cli_runner.ts";
import { runtimes } from "../_cli_runtimes.ts";
import { denoWith, NEW, OLD } from "./_cli_host.ts";
import { CliServer } from "./_cli_server.ts";

async function statusOf(url: string, init?: RequestInit): Promise<number> {
  const response = await fetch(url, init);
  await response.body?.cancel();
  return response.status;
}

/** A folder with files, and something beside it. */
async function fill(folder: string): Promise<string> {
  const root = `${folder}/dir`;
  await Deno.mkdir(`${root}/sub/.git`, { recursive: true });
  await Deno.writeFile(`${root}/app.bin`, NEW);
  await Deno.writeTextFile(`${root}/sub/ä & b.txt`, "inside");
  await Deno.writeTextFile(`${root}/.env`, "hidden");
  await Deno.writeTextFile(`${root}/sub/.git/config`, "hidden");
  await Deno.writeTextFile(`${root}/.app.bin.rsync-streams-1-x.tmp`, "hidden");
  await Deno.writeTextFile(`${folder}/secret`, "secret");
  await Deno.mkdir(`${folder}/dir-more`);
  await Deno.writeTextFile(`${folder}/dir-more/secret`, "secret");
  await Deno.symlink(`${folder}/secret`, `${root}/out`);
  await Deno.symlink(`${folder}`, `${root}/up`);
  await Deno.symlink(".env", `${root}/env`);
  await Deno.symlink(`${folder}/not-there`, `${root}/dangling`);
  await Deno.symlink("app.bin", `${root}/link`);
  return root;
}

/** Paths that name nothing, as they are sent. */
const REFUSED = [
  "/",
  "/sub",
  "/sub/",
  "/none",
  "/app.bin/",
  "/app.bin/x",
  "//app.bin",
  "/sub//app.bin",
  "/../secret",
  "/sub/../../secret",
  "/%2e%2e/secret",
  "/..%2fsecret",
  "/sub%2f..%2f..%2fsecret",
  "/..%5csecret",
  "/sub\\..\\..\\secret",
  "/..%255csecret",
  "/../dir-more/secret",
  "/up/secret",
  "/out",
  "/env",
  "/dangling",
  "/.env",
  "/%2eenv",
  "/sub/.git/config",
  "/.app.bin.rsync-streams-1-x.tmp",
  "/app.bin%00",
  "/app.bin%00.txt",
  "/app.bin%0d%0aX:%20y",
  "/%ff",
  "/%c0%ae%c0%ae/secret",
  "/%",
  "/app.bin.",
  "/app.bin%20",
  "/app.bin::$DATA",
  "/C:/secret",
  "/NUL",
  "/pipe",
  `/${"a".repeat(300)}`,
  "/.rsig",
  "/out.rsig",
  "/.env.rsig",
];

for (const runtime of runtimes) {
  test(`serve in ${runtime.name} gives files, ranges and signatures, and ends by a signal`, async (folder) => {
    const root = await fill(folder);
    await using server = await CliServer.start(runtime, root);
    assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    const whole = await fetch(`${server.url}app.bin`);
    assert.deepEqual(new Uint8Array(await whole.arrayBuffer()), NEW);
    assert.match(whole.headers.get("etag")!, /^"[\da-f]{32}"$/);
    assert.equal(whole.headers.get("access-control-allow-origin"), null);
    const linked = await fetch(`${server.url}link`, { headers: { Range: "bytes=5-9" } });
    assert.deepEqual([linked.status, new Uint8Array(await linked.arrayBuffer())], [206, NEW.slice(5, 10)]);
    const named = await fetch(`${server.url}sub/${encodeURIComponent("ä & b.txt")}`);
    assert.equal(await named.text(), "inside");
    assert.equal(await statusOf(`${server.url}app.bin`, { method: "HEAD" }), 200);
    assert.equal(await statusOf(`${server.url}app.bin`, { method: "PATCH", body: "x" }), 405);
    await Deno.writeFile(`${folder}/app.bin`, OLD);
    await quiet(cli(DENO, ["pull", `${server.url}app.bin`], folder));
    await assertFile(`${folder}/app.bin`, NEW);
    const said = await server.end("SIGINT");
    assert.match(said, /^rsync-streams: .*\/dir is served at http:\/\/127\.0\.0\.1:\d+\/\n/);
    assert.match(said, /\nrsync-streams: GET \/app\.bin 200 700\.0 kB \d+ ms\n/);
    assert.match(said, /\nrsync-streams: GET \/sub\/%C3%A4%20%26%20b\.txt 200 6 B \d+ ms\n/);
    assert.match(said, /\nrsync-streams: HEAD \/app\.bin 200 0 B \d+ ms\n/);
  });

  test(`serve in ${runtime.name} gives nothing hidden, and nothing outside of its folder`, async (folder) => {
    const root = await fill(folder);
    await new Deno.Command("mkfifo", { args: [`${root}/pipe`] }).output();
    await using server = await CliServer.start(runtime, root, "--writable", "-q");
    const answers = await Promise.all(REFUSED.map((path) => {
      return server.raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    }));
    for (const [i, answer] of answers.entries()) {
      assert.match(answer, /^HTTP\/1\.1 40[04] /, REFUSED[i]!);
      assert.doesNotMatch(answer.split("\r\n\r\n").slice(1).join(), /^(secret|hidden|inside)/, REFUSED[i]!);
    }
    const absolute = await server.raw(
      "GET http://x/../secret HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    );
    assert.match(absolute, /^HTTP\/1\.1 40[04] /);
    // A page of another site that is called by a name of this machine.
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""]) {
      const answer = await server.raw(`GET /app.bin HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 (421|400) /, host);
    }
    const garbage = await server.raw("nonsense\r\n\r\n");
    assert.match(garbage, /^(HTTP\/1\.1 400 .*)?$/s);
    assert.equal(await statusOf(`${server.url}app.bin`), 200);
    assert.equal(await server.end(), "");
  });

  test(`serve in ${runtime.name} stops reading a file when its client goes`, async (folder) => {
    const root = await fill(folder);
    await Deno.truncate(`${root}/app.bin`, 2 ** 30);
    await using server = await CliServer.start(runtime, root);
    const client = new AbortController();
    const response = await fetch(`${server.url}app.bin`, { signal: client.signal });
    const reader = response.body!.getReader();
    await reader.read();
    client.abort();
    await reader.read().catch(() => {});
    await delay(200);
    const said = await server.end();
    const [, length, unit] = /GET \/app\.bin 200 ([\d.]+) ([kM])B \d+ ms, broken off\n/.exec(said) ?? [];
    // Of more than 1,000 MB.
    assert.ok(unit === "k" || Number(length) < 200, said);
  });
}

test("serve has a tag of its own for each version, also of quick changes in place", async (folder) => {
  await using server = await CliServer.start(DENO, folder, "-q");
  const tags = new Set<string>();
  for (let i = 0; i < 10; i++) {
    await Deno.writeTextFile(`${folder}/file`, `version ${i}`);
    const response = await fetch(`${server.url}file`);
    assert.equal(await response.text(), `version ${i}`);
    tags.add(response.headers.get("etag")!);
  }
  assert.equal(tags.size, 10);
});

test("serve lets pages of an origin in if it is told to", async (folder) => {
  await using server = await CliServer.start(DENO, folder, "-q", "--allow-origin", "https://example.org");
  const response = await fetch(`${server.url}target`, { headers: { Origin: "https://example.org" } });
  await response.body?.cancel();
  assert.equal(response.headers.get("access-control-allow-origin"), "https://example.org");
});

test("serve says what it cannot do, and needs few permissions", async (folder) => {
  await fails(cli(DENO, ["serve", "none"], folder), 100, /cannot open none: no such file or folder/);
  await fails(cli(DENO, ["serve", "basis"], folder), 100, /cannot serve basis: it is not a folder/);
  await fails(
    cli(DENO, ["serve", "--port", "65536", "."], folder),
    108,
    /cannot use --port: 65536 was given, 0 to 65535/,
  );
  await fails(
    cli(DENO, ["serve", "--port", "abc", "."], folder),
    101,
    /cannot use --port: "abc" was given, a number was expected; try "rsync-streams serve --help"/,
  );
  await fails(cli(DENO, ["serve"], folder), 101, /serve \[OPTIONS\] DIR/);
  await fails(cli(DENO, ["--rdiff", "serve", "."], folder), 101, /^rdiff: unknown command "serve"/);
  await using server = await CliServer.start(
    denoWith("--allow-net=127.0.0.1:0", `--allow-read=${folder}`),
    folder,
    "-q",
  );
  assert.equal(await statusOf(`${server.url}target`), 200);
  const taken = ["serve", "--port", String(server.port), "."];
  const place = `127\\.0\\.0\\.1:${server.port}`;
  for (const runtime of runtimes) {
    await fails(cli(runtime, taken, folder), 100, new RegExp(`listen at ${place}: another program listens there\n`));
  }
  const denied = cli(denoWith("--allow-read"), taken, folder);
  await fails(denied, 100, new RegExp(`listen at ${place}: Deno .*--allow-net is missing or does not name the host\n`));
});

test("serve --json prints where it listens, and counts when it ends", async (folder) => {
  const [name, ...before] = DENO.command;
  const args = [...before, "serve", "-q", "--json", "--port", "0", "."];
  const process = new Deno.Command(name!, { args, cwd: folder, stdin: "null", stdout: "piped" }).spawn();
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: first } = await reader.read();
  const { url, ...other } = JSON.parse(first!);
  assert.deepEqual(other, { folder: "." });
  for (const path of ["basis", "basis", "none"]) await (await fetch(url + path)).body!.cancel();
  const { length } = await (await fetch(`${url}target`)).bytes();
  process.kill("SIGTERM");
  const { value: last } = await reader.read();
  const { stats, ...same } = JSON.parse(last!);
  assert.deepEqual(same, { url, folder: "." });
  assert.equal(stats.requests, 4);
  assert.ok(stats.bytesOut >= length, JSON.stringify(stats));
  assert.deepEqual(await reader.read(), { done: true, value: undefined });
  assert.equal((await process.status).signal, "SIGTERM");
});
