/** A command has ended when it says so: nothing is open, under way or listened for any more. In this process. */
import assert from "node:assert/strict";
import { names } from "../_cli_runner.ts";
import { run } from "../_cli_inside.ts";
import { watchedSignal } from "../_listeners.ts";
import { randomBytes } from "../_recipes.ts";
import { type SlowFiles, withSlowFiles } from "../_slow_files.ts";
import { until } from "../_until.ts";
import { NEW, OLD } from "./_cli_host.ts";
import { inside, PART, withStore } from "./_cli_runs.ts";
import { linesOf } from "./_cli_serving.ts";
import { pausesDuring } from "./_pauses.ts";
import { DELTA, deltaOf } from "./_upload.ts";

/** A standard output that takes nothing until files are left alone for a while. It counts the texts that wait. */
function slowOut(files: SlowFiles) {
  const seen = {
    pendingCount: 0,
    async onOut() {
      seen.pendingCount++;
      for (let calm = 0; calm < 5; calm++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        if (files.pendingCount > 0) calm = 0;
      }
      seen.pendingCount--;
    },
  };
  return seen;
}

/** Runs a command, and expects that nothing is left of it when it has ended. */
async function ends(folder: string, args: string[], expected = 0): Promise<void> {
  await withSlowFiles(async (files) => {
    const [watched, out] = [watchedSignal(), slowOut(files)];
    const start = performance.now();
    const output = await run(folder, args, { signal: watched.signal, onOut: out.onOut });
    const took = performance.now() - start;
    const left = {
      code: output.code,
      openFiles: files.openCount,
      operations: files.pendingCount,
      texts: out.pendingCount,
      listeners: watched.listeners.size,
    };
    assert.deepEqual(left, { code: expected, openFiles: 0, operations: 0, texts: 0, listeners: 0 }, output.err);
    assert.ok(files.openedCount > 0);
    if (!args.includes("--json") || args.includes("--plan") && args[0] === "pull") return;
    const { elapsedMs } = JSON.parse(output.out);
    assert.ok(Number.isInteger(elapsedMs) && elapsedMs >= 0 && elapsedMs <= Math.ceil(took), `${elapsedMs} of ${took}`);
  });
}

inside("pull has ended when it says so", async (folder, host) => {
  const pull = ["pull", `${host.origin}/app.bin`, "app.bin"];
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  await Deno.writeFile(`${folder}/old.bin`, OLD);
  await Deno.writeFile(`${folder}/${PART}`, OLD.slice(0, 5000));
  await ends(folder, [...pull, "--plan"]);
  await ends(folder, [...pull, "--plan", "--json"]);
  assert.deepEqual(await names(folder), [PART, "app.bin", "old.bin"]);
  // It is updated, and then it is up to date. What is printed would give the part time to be removed.
  for (const more of [[], ["--basis", "old.bin"]]) {
    await Deno.writeFile(`${folder}/${PART}`, OLD.slice(0, 5000));
    await ends(folder, [...pull, ...more]);
    assert.deepEqual(await names(folder), ["app.bin", "old.bin"]);
  }
  await ends(folder, [...pull, "--json"]);
  host.files.delete("/app.bin");
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  await pausesDuring(() => ends(folder, pull, 109));
});

inside("pull that gives up has written what it keeps", async (folder, host) => {
  host.failsAfter = 30_000;
  await pausesDuring(() => ends(folder, ["pull", `${host.origin}/app.bin`, "app.bin"], 109));
  assert.deepEqual(await Deno.readFile(`${folder}/${PART}`), NEW.slice(0, 30_000));
});

inside("push has ended when it says so", async (folder) => {
  await withStore(async (_, url) => {
    await Deno.writeFile(`${folder}/app.bin`, NEW);
    for (const more of [["--plan"], ["--plan", "--json"], ["--json"], ["--json"]]) {
      await ends(folder, ["push", "app.bin", url, ...more]);
    }
    await pausesDuring(() => ends(folder, ["push", "app.bin", "http://127.0.0.1:1/"], 109));
  });
});

inside("publish has ended when it says so", async (folder) => {
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  await ends(folder, ["publish", "--json", "app.bin"]);
  await ends(folder, ["publish", "--json", "--check", "app.bin"]);
  await Deno.truncate(`${folder}/app.bin.rsig`, 1000);
  await ends(folder, ["publish", "--check", "app.bin"], 106);
});

inside("serve gives up uploads at its end, and has printed what it prints", async (folder) => {
  const delta = await deltaOf(new Uint8Array(0), randomBytes(3, 200_000));
  const head = `PATCH /new HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${DELTA}\r\nIf-None-Match: *\r\n`;
  await withSlowFiles(async (files) => {
    const [end, out] = [new AbortController(), slowOut(files)];
    let port = 0;
    const onOut = (text: string) => {
      port ||= Number(new URL(JSON.parse(text).url).port);
      return out.onOut();
    };
    const running = run(folder, ["serve", "--port", "0", "--json", folder, "--writable"], {
      signal: end.signal,
      onOut,
    });
    await until("a port", () => port > 0);
    assert.equal(out.pendingCount, 1);
    const client = await Deno.connect({ hostname: "127.0.0.1", port });
    const request = new TextEncoder().encode(`${head}Content-Length: ${delta.length}\r\n\r\n`);
    for (const bytes of [request, delta.slice(0, 100_000)]) {
      for (let at = 0; at < bytes.length;) at += await client.write(bytes.subarray(at));
    }
    await until("a temporary file", async () => (await names(folder)).length > 0);
    end.abort(new Error("enough"));
    const output = await running;
    client.close();
    assert.deepEqual([output.code, files.openCount, files.pendingCount, out.pendingCount], [0, 0, 0, 0]);
    assert.deepEqual(await names(folder), []);
    await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }), Deno.errors.ConnectionRefused);
    const lines = linesOf(output);
    assert.match(lines.at(-1)!, /^PATCH \/new \d+ \d+ B, broken off$/);
    assert.deepEqual(JSON.parse(output.out.trim().split("\n")[1]!).stats.requests, 1);
  });
});

inside("serve that is ended before it listens has printed where it listens", async (folder) => {
  const end = new AbortController();
  end.abort(new Error("enough"));
  const taken: string[] = [];
  // The first line takes longer than the last.
  const onOut = async (text: string) => {
    if (!text.includes("stats")) await new Promise((resolve) => setTimeout(resolve, 100));
    taken.push(text);
  };
  const { code, out } = await run(folder, ["serve", "--port", "0", "--json", folder], { signal: end.signal, onOut });
  assert.deepEqual([code, taken.length, taken.join("")], [0, 2, out]);
});
