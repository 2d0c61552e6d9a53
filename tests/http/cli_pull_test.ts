/** The command `pull`, in processes and against a host on this machine. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { runCli } from "rsync-streams/cli";
import { assertFile } from "../_cli_cases.ts";
import { cli, DENO, fails, names, quiet } from "../_cli_runner.ts";
import { runtimes } from "../_cli_runtimes.ts";
import { type CliHost, denoWith, FRESH, NEW, OLD, says, test } from "./_cli_host.ts";
import { until } from "../_until.ts";

const DIGEST = createHash("sha256").update(NEW).digest("hex");
const PART = ".app.bin.rsync-streams.part";
/** What blocks on borders may cost. */
const SLACK = 40_000;

async function text(run: Promise<Uint8Array>): Promise<string> {
  return new TextDecoder().decode(await run);
}

/** Bytes that the host sent to a pull that finds nothing but the old file. */
async function fullCost(folder: string, host: CliHost): Promise<number> {
  await Deno.writeFile(`${folder}/other`, OLD);
  await quiet(cli(DENO, ["pull", `${host.origin}/app.bin`, "other"], folder));
  const { sentLength } = host;
  await Deno.remove(`${folder}/other`);
  host.reset();
  return sentLength;
}

for (const runtime of runtimes) {
  test(`pull in ${runtime.name} updates a file, and leaves it if it is up to date`, async (folder, host) => {
    await Deno.writeFile(`${folder}/app.bin`, OLD, { mode: 0o640 });
    const args = ["pull", `${host.origin}/app.bin`];
    await quiet(cli(runtime, args, folder));
    await assertFile(`${folder}/app.bin`, NEW);
    assert.ok(host.sentLength < FRESH.length + SLACK, `${host.sentLength} bytes`);
    const before = await Deno.stat(`${folder}/app.bin`);
    assert.equal(before.mode! & 0o777, 0o640);
    host.reset();
    await says(cli(runtime, args, folder), /^rsync-streams: app\.bin is up to date\n$/);
    await quiet(cli(runtime, [...args, "-q"], folder));
    assert.equal(host.sentLength, 0);
    const after = await Deno.stat(`${folder}/app.bin`);
    assert.deepEqual([after.ino, after.mtime], [before.ino, before.mtime]);
    assert.deepEqual(await names(folder), ["app.bin"]);
  });

  test(`pull in ${runtime.name} goes on where it was killed`, async (folder, host) => {
    const cost = await fullCost(folder, host);
    await Deno.writeFile(`${folder}/app.bin`, OLD);
    const [command, ...before] = runtime.command;
    const args = [...before, "pull", `${host.origin}/app.bin`];
    for (const [signal, share] of [["SIGTERM", 0.4], ["SIGKILL", 0.8]] as const) {
      host.stallsAfter = Math.floor(cost * share) - host.sentLength;
      host.sentLength = 0;
      const stdio = { stdin: "null", stdout: "null", stderr: "null" } as const;
      const process = new Deno.Command(command!, { args, cwd: folder, ...stdio }).spawn();
      const kept = async () => (await Deno.stat(`${folder}/${PART}`).catch(() => undefined))?.size ?? 0;
      let isOver = false;
      process.status.then(() => isOver = true);
      await until("a part that is kept", async () => {
        assert.ok(!isOver, "the process has ended");
        return host.sentLength >= host.stallsAfter && await kept() >= cost * share - SLACK;
      });
      process.kill(signal);
      assert.equal((await process.status).signal, signal);
      await assertFile(`${folder}/app.bin`, OLD);
      const temporary = (await names(folder)).filter((name) => name.endsWith(".tmp"));
      assert.equal(temporary.length, signal === "SIGTERM" ? 0 : 1);
      for (const name of temporary) await Deno.remove(`${folder}/${name}`);
      assert.deepEqual(await names(folder), [PART, "app.bin"]);
    }
    host.reset();
    await quiet(cli(runtime, ["pull", `${host.origin}/app.bin`], folder));
    await assertFile(`${folder}/app.bin`, NEW);
    assert.deepEqual(await names(folder), ["app.bin"]);
    assert.ok(host.sentLength < cost * 0.2 + SLACK, `${host.sentLength} of ${cost} bytes`);
  });
}

test("pull --plan says what it would take, and fetches nothing", async (folder, host) => {
  await Deno.writeFile(`${folder}/old`, OLD);
  const url = `${host.origin}/app.bin`;
  const lines = (await text(quiet(cli(DENO, ["pull", "--plan", url, "old"], folder)))).split("\n");
  const [, copied] = /^copied {7}(\d+) bytes \(57\.\d %\)$/.exec(lines[3]!)!;
  const missing = NEW.length - Number(copied);
  assert.ok(missing >= FRESH.length && missing < FRESH.length + SLACK);
  const [, bytes, requests] = /^expected {5}(\d+) bytes in (\d+) requests$/.exec(lines[6]!)!;
  assert.deepEqual(lines, [
    `${url} → old`,
    "length       700000 bytes",
    `SHA-256      ${DIGEST}`,
    `copied       ${copied} bytes (${(Number(copied) / 7000).toFixed(1)} %)`,
    `missing      ${missing} bytes (${(missing / 7000).toFixed(1)} %) in 1 piece`,
    "way          ranges of the file",
    `expected     ${bytes} bytes in ${requests} requests`,
    `saved        ${(100 - Number(bytes) / 7000).toFixed(1)} %`,
    "",
  ]);
  assert.ok(host.requests.every((request) => request.startsWith("GET /app.bin.rsig ")));
  assert.equal(host.requests.length, Number(requests) - 1);
  // No permission to write is needed. How much is asked for at once depends on how soon the server answers.
  const flags = [`--allow-net=${new URL(host.origin).host}`, "--allow-read=."];
  const again = (await text(quiet(cli(denoWith(...flags), ["pull", "--plan", url, "old"], folder)))).split("\n");
  const withoutNumbers = (lines: string[]) => lines.map((line, i) => i < 3 ? line : line.replaceAll(/[\d.]+/g, "N"));
  assert.deepEqual(withoutNumbers(again), withoutNumbers(lines));
  await Deno.writeFile(`${folder}/app.bin`, NEW);
  const same = await text(quiet(cli(DENO, ["pull", "--plan", url], folder)));
  assert.match(same, /\nway {10}none: the file is up to date\n/);
  assert.deepEqual(await names(folder), ["app.bin", "old"]);
});

test("pull --plan says why the whole file would be fetched", async (folder, host) => {
  await Deno.writeFile(`${folder}/old`, OLD.toReversed());
  host.files.set("/bare", NEW);
  host.files.set("/bad", NEW);
  host.files.set("/bad.rsig", NEW);
  const cases: [path: string, file: string, why: string][] = [
    ["/app.bin", "missing", "there is no local file to copy from"],
    ["/app.bin", "old", "the local file has too little of it"],
    ["/bare", "old", "the server has no .rsig of it"],
    ["/bad", "old", "its .rsig cannot be used"],
  ];
  for (const [path, file, why] of cases) {
    const plan = await text(quiet(cli(DENO, ["pull", "--plan", host.origin + path, file], folder)));
    assert.ok(plan.includes(`way          the whole file: ${why}\n`), plan);
    assert.ok(plan.includes("saved        0.0 %\n"), plan);
    assert.ok(plan.includes(`length       ${NEW.length} bytes\n`), plan);
  }
  assert.equal(host.sentLength, 0);
});

test("pull --json prints one object, of the plan or of all", async (folder, host) => {
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  const url = `${host.origin}/app.bin`;
  const planned = JSON.parse(await text(quiet(cli(DENO, ["pull", "--plan", "--json", url], folder))));
  const { plan, ...facts } = planned;
  assert.deepEqual(facts, { url, file: "app.bin", status: "planned", keptLength: 0 });
  // What a request costs is measured, so another run may ask for other ranges.
  const { requestCost, bytesIn, missingLength, requests, ...certain } = plan;
  assert.ok(requests > 0);
  assert.ok(requestCost >= 512);
  assert.deepEqual(certain, {
    way: "ranges",
    fallback: null,
    fileLength: NEW.length,
    digest: DIGEST,
    copiedLength: NEW.length - missingLength,
    missingCount: 1,
    savedShare: 1 - bytesIn / NEW.length,
  });
  const updated = JSON.parse(await text(quiet(cli(DENO, ["pull", "--json", url], folder))));
  assert.equal(updated.status, "updated");
  assert.deepEqual(Object.keys(updated.plan), Object.keys(plan));
  const { bytesRead, ...stats } = updated.stats;
  assert.ok(bytesRead >= OLD.length && bytesRead <= 9 * 2 ** 20, `${bytesRead} bytes`);
  assert.deepEqual(stats, {
    bytesIn: updated.plan.bytesIn,
    bytesSent: 0,
    bytesOut: NEW.length,
    requests: updated.plan.requests,
    retries: 0,
    fallback: null,
    digest: DIGEST,
    isVerified: true,
  });
  const same = JSON.parse(await text(quiet(cli(DENO, ["pull", "--json", url], folder))));
  assert.deepEqual([same.status, same.stats.bytesOut], ["up-to-date", 0]);
  // FILE was compared.
  assert.deepEqual([same.stats.digest, same.stats.isVerified], [same.plan.digest, true]);
});

test("pull takes another file as the basis, another signature, headers and a password", async (folder, host) => {
  await Deno.writeFile(`${folder}/old`, OLD);
  host.files.set("/bare", NEW);
  const url = `${host.origin.replace("//", "//me:p%40ss@")}/bare?a=b#c`;
  const options = ["--basis", "old", "--sig", "app.bin.rsig", "--header", "X-One: 1", "--header=X-Two:2:3"];
  const { url: shown } = JSON.parse(await text(quiet(cli(DENO, ["pull", "--json", ...options, url, "new"], folder))));
  assert.equal(shown, `${host.origin}/bare?a=b`);
  await assertFile(`${folder}/new`, NEW);
  await assertFile(`${folder}/old`, OLD);
  assert.ok(host.sentLength < FRESH.length + SLACK);
  const { headers } = host;
  assert.deepEqual([headers.get("x-one"), headers.get("x-two")], ["1", "2:3"]);
  assert.equal(headers.get("authorization"), `Basic ${btoa("me:p@ss")}`);
});

test("pull without a signature fetches the whole file, and warns", async (folder, host) => {
  host.files.set("/bare", NEW);
  await says(
    cli(DENO, ["pull", `${host.origin}/bare`], folder),
    /^rsync-streams: warning: the result is not verified, since the server has no \.rsig of it: compare/,
  );
  await assertFile(`${folder}/bare`, NEW);
  await quiet(cli(DENO, ["pull", "-q", `${host.origin}/bare`, "other"], folder));
  assert.deepEqual(await names(folder), ["bare", "other"]);
});

test("pull keeps the old file where the server fails, and what was fetched", async (folder, host) => {
  const cost = await fullCost(folder, host);
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  host.failsAfter = cost / 2;
  const args = ["pull", `${host.origin}/app.bin`];
  const message =
    /app\.bin: the server answered with status 503: it is busy; [\d.]+ kB are kept for the next attempt\n/;
  await fails(cli(DENO, args, folder), 109, message);
  await assertFile(`${folder}/app.bin`, OLD);
  assert.deepEqual(await names(folder), [PART, "app.bin"]);
  assert.equal((await Deno.stat(`${folder}/${PART}`)).mode! & 0o777, 0o600);
  const sent = host.sentLength;
  host.reset();
  const { keptLength } = JSON.parse(await text(quiet(cli(DENO, [...args, "--json"], folder))));
  assert.ok(keptLength > sent - SLACK && keptLength <= sent, `${keptLength} of ${sent} bytes`);
  assert.ok(host.sentLength < cost - sent + SLACK, `${host.sentLength} of ${cost} bytes after ${sent}`);
  await assertFile(`${folder}/app.bin`, NEW);
  assert.deepEqual(await names(folder), ["app.bin"]);
});

test("pull goes on with a download of a file that was not there", async (folder, host) => {
  host.failsAfter = 500_000;
  const args = ["pull", `${host.origin}/app.bin`];
  await fails(cli(DENO, args, folder), 109, /kept for the next attempt/);
  assert.deepEqual(await names(folder), [PART]);
  host.reset();
  await quiet(cli(DENO, args, folder));
  await assertFile(`${folder}/app.bin`, NEW);
  assert.ok(host.sentLength < 200_000 + SLACK, `${host.sentLength} bytes`);
});

test("pull does not write to a link or a file of others in the place of what it keeps", async (folder, host) => {
  await Deno.writeTextFile(`${folder}/precious`, "precious");
  for (const put of [Deno.symlink, Deno.link]) {
    await put(`${folder}/precious`, `${folder}/${PART}`);
    await quiet(cli(DENO, ["pull", `${host.origin}/app.bin`], folder));
    await assertFile(`${folder}/app.bin`, NEW);
    assert.equal(await Deno.readTextFile(`${folder}/precious`), "precious");
    await Deno.remove(`${folder}/app.bin`);
    await Deno.remove(`${folder}/${PART}`);
  }
});

test("pull as a function ends when its signal says so, and leaves the old file", async (folder, host) => {
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  host.stallsAfter = 100_000;
  const stop = new AbortController();
  const running = runCli(["pull", `${host.origin}/app.bin`, `${folder}/app.bin`], { signal: stop.signal });
  await until("what the host has sent", () => host.sentLength >= host.stallsAfter);
  await until("a part that is kept", async () => (await names(folder)).includes(PART));
  stop.abort(new Error("enough"));
  assert.equal(await running, 107);
  await assertFile(`${folder}/app.bin`, OLD);
  assert.deepEqual(await names(folder), [PART, "app.bin"]);
  host.reset();
  assert.equal(await runCli(["pull", `${host.origin}/app.bin`, `${folder}/app.bin`]), 0);
  await assertFile(`${folder}/app.bin`, NEW);
});
