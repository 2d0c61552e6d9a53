/** What `pull` keeps until the file is there: in this process. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { assertFile } from "../_cli_cases.ts";
import { assertBytes } from "../_helpers.ts";
import { names } from "../_cli_runner.ts";
import { replace, run } from "../_cli_inside.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { until } from "../_until.ts";
import { FRESH, NEW, OLD } from "./_cli_host.ts";
import { gaveUp, inside, PART, succeeds, withStore } from "./_cli_runs.ts";

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
    // What the first did not use of its place is free again.
    const second = 100_000;
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
  const [, fetched] = /^100\.0 % of ([\d.]+) kB \| RATE \| writing 100\.0 %$/.exec(await pull(OLD)) ?? [];
  assert.ok(Math.abs(Number(fetched) * 1000 - host.sentLength) < 1000, `${fetched} kB of ${host.sentLength}`);
  assert.equal(await pull(concat([FRESH, NEW])), "100.0 % of 700.0 kB | RATE");
  host.files.set("/bare", NEW);
  assert.equal(await pull(OLD, `${host.origin}/bare`), "700.0 kB | RATE");
  await withStore(async (_, url) => {
    assert.match(
      await pull(OLD.slice(0, 300_000), `${url}app.bin`),
      /^100\.0 % of 1\d\d\.\d kB \| RATE \| writing 100\.0 %$/,
    );
    await Deno.writeFile(`${folder}/app.bin`, NEW);
    assert.match(await shown(["push", "app.bin", url]), /^100\.0 % of 3\d\d\.\d kB \| RATE$/);
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
  // Also where the system does not say how much room there is.
  const unknown = () => Promise.reject(new Error("not known"));
  for (const statfs of [fs.promises.statfs, unknown]) {
    const undo = replace(fs.promises, "statfs", statfs);
    try {
      host.reset();
      host.failsAfter = 300_000;
      assert.doesNotMatch(await gaveUp(folder, ["pull", `${host.origin}/bare`, "app.bin"]), /kept/);
    } finally {
      undo();
    }
    assert.deepEqual(await names(folder), []);
  }
  // What is in the place of the part is nothing to write to: the pull goes on without.
  await Deno.mkdir(`${folder}/${PART}`);
  host.reset();
  await succeeds(folder, ["pull", `${host.origin}/app.bin`, "app.bin"]);
  await assertFile(`${folder}/app.bin`, NEW);
  assert.deepEqual(await names(folder), [PART, "app.bin"]);
});

inside("pull keeps nothing on a disk without room for that and for the file", async (folder, host) => {
  const { statfs } = fs.promises;
  const args = ["pull", `${host.origin}/app.bin`, "app.bin"];
  try {
    // Some file systems do not say how much room there is.
    for (const [bavail, blocks, kept] of [[1399, 9999, []], [1400, 9999, [PART]], [0, 0, [PART]]] as const) {
      const change = async (path: string) => ({ ...await statfs(path), bsize: 1000, bavail, blocks });
      fs.promises.statfs = change as typeof statfs;
      host.reset();
      host.failsAfter = 100_000;
      await gaveUp(folder, args);
      assert.deepEqual(await names(folder), kept);
      for (const name of kept) await Deno.remove(`${folder}/${name}`);
    }
  } finally {
    fs.promises.statfs = statfs;
  }
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
