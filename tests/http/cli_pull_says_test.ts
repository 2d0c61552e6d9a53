/** What `pull` says, exactly: in this process, against a host on this machine. */
import assert from "node:assert/strict";
import { assertFile } from "../_cli_cases.ts";
import { FRESH, NEW, OLD } from "./_cli_host.ts";
import { fails, inside, succeeds } from "./_cli_runs.ts";

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

inside("pull asks the server for nothing if the name of the file can be none", async (folder, host) => {
  const message = 'cannot write "": the name of the file is empty';
  await fails(folder, ["pull", "--plan", `${host.origin}/app.bin`, ""], 100, message);
  assert.deepEqual(host.requests, []);
});

inside("pull does not take a file for up to date because a signature is as old as it is", async (folder, host) => {
  await Deno.writeFile(`${folder}/other.bin`, OLD.subarray(0, 100_000));
  await Deno.writeFile(`${folder}/empty.bin`, new Uint8Array(0));
  for (const [old, basis] of [[OLD, "app.bin"], [OLD, "other.bin"], [OLD, "empty.bin"], [OLD.slice(0, 0), "app.bin"]]) {
    await host.publish("/app.bin", old as typeof OLD);
    const args = ["pull", "--basis", `${basis}`, `${host.origin}/app.bin`, "app.bin"];
    await Deno.writeFile(`${folder}/app.bin`, old as typeof OLD);
    assert.deepEqual(await succeeds(folder, args), ["rsync-streams: app.bin is up to date\n", ""]);
    host.files.set("/app.bin", NEW);
    const { status } = JSON.parse((await succeeds(folder, [...args, "--plan", "--json"]))[1]);
    assert.equal(status, "planned");
    const [warning] = await succeeds(folder, args);
    assert.match(warning, /^rsync-streams: warning: the result is not verified, since it/);
    await assertFile(`${folder}/app.bin`, NEW);
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
  // Of what is up to date nothing is fetched, whatever a plan for another basis would take.
  host.givesRanges = false;
  await Deno.writeFile(`${folder}/app.bin`, NEW);
  await Deno.writeFile(`${folder}/old.bin`, OLD);
  const planned = await succeeds(folder, ["pull", "--basis", "old.bin", "--plan", "--json", args[1]!, "none.bin"]);
  assert.equal(JSON.parse(planned[1]).plan.fallback, "no-ranges");
  assert.deepEqual(await succeeds(folder, [...args, "--basis", "old.bin"]), [
    "rsync-streams: app.bin is up to date\n",
    "",
  ]);
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
