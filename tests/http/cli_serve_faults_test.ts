/** What `serve` does where it may not listen, where files change, and where the system refuses something. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { createConnection } from "node:net";
import { assertBytes } from "../_helpers.ts";
import { inFolder, names } from "../_cli_runner.ts";
import { replace, run } from "../_cli_inside.ts";
import { failFs } from "../_fs.ts";
import { randomBytes } from "../_recipes.ts";
import { withSlowFiles } from "../_slow_files.ts";
import { settle, until } from "../_until.ts";
import { ask, bodyOf, linesOf, raw, serving, statusOf } from "./_cli_serving.ts";
import { DELTA, deltaOf } from "./_upload.ts";

Deno.test("serve listens at 127.0.0.1:8080 if it is told no other place, and writes IPv6 in brackets", async () => {
  await inFolder(async (folder) => {
    let taken: Deno.Listener | undefined;
    try {
      taken = Deno.listen({ hostname: "127.0.0.1", port: 8080 });
    } catch {
      // Another program listens there.
    }
    // Where it listens all the same, it ends soon.
    const soon = new AbortController();
    const timer = setTimeout(() => soon.abort(), 2000);
    const message = "cannot listen at 127.0.0.1:8080: another program listens there";
    assert.deepEqual(await run(folder, ["serve", folder], { signal: soon.signal }), {
      code: 100,
      out: "",
      err: `rsync-streams: ${message}\n`,
    });
    clearTimeout(timer);
    taken?.close();
    const end = new AbortController();
    end.abort();
    const { err } = await run(folder, ["serve", "--host", "::1", "--port", "0", folder], { signal: end.signal });
    // A machine may have no such address.
    assert.match(
      err,
      /^rsync-streams: (\S+ is served at http:\/\/\[::1\]:\d+\/|cannot listen at \[::1\]:0: [^\n]+)\n$/,
    );
  });
});

Deno.test("serve waits 20 ms before it looks again at a file that was just changed", async () => {
  await serving(["-q"], async ({ folder, url }) => {
    const { setTimeout: real } = globalThis;
    const waits: (() => void)[] = [];
    const undo = [
      replace(globalThis, "setTimeout", (work: () => void, ms: number) => {
        return ms === 20 ? void waits.push(work) : real(work, ms);
      }),
      replace(Date, "now", () => 1e12),
    ];
    try {
      let isOver = false;
      const answer = bodyOf(`${url}f`).finally(() => isOver = true);
      for (let look = 1; look <= 3; look++) {
        await until("a wait", () => waits.length === look || isOver);
        await settle();
        assert.deepEqual([waits.length, isOver], [look, false]);
        if (look === 3) await Deno.utime(`${folder}/f`, 1e9 - 1, 1e9 - 1);
        waits[look - 1]!();
      }
      assert.equal((await answer)[0], 200);
    } finally {
      for (const restore of undo) restore();
    }
  });
});

Deno.test("serve closes a file that was replaced before it opens the new one", async () => {
  await serving(["-q"], async ({ url }) => {
    const { lstat } = fs.promises;
    let version = 0n;
    const undo = replace(fs.promises, "lstat", async (path: string, options: { bigint: true }) => {
      return Object.assign(await lstat(path, options), { ino: ++version });
    });
    try {
      await withSlowFiles(async (files) => {
        assert.equal((await bodyOf(`${url}f`))[0], 500);
        assert.deepEqual([files.openedCount, files.maxOpenCount, files.openCount], [20, 1, 0]);
      });
    } finally {
      undo();
    }
  });
});

Deno.test("serve breaks an answer off where its file gets shorter", async () => {
  const output = await serving([], async ({ folder, port }) => {
    await Deno.truncate(`${folder}/f`, 2 ** 28);
    await Deno.utime(`${folder}/f`, 1e9, 1e9);
    const length = await new Promise<number>((resolve) => {
      const socket = createConnection(port, "127.0.0.1");
      let length = 0;
      socket.on("data", (data) => {
        if (length === 0) Deno.truncateSync(`${folder}/f`, 0);
        length += data.length;
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve(length));
      socket.write(ask("GET /f"));
    });
    assert.ok(length < 2 ** 28, `${length}`);
    assert.equal(statusOf(await raw(port, ask("GET /f"))), 200);
  });
  assert.match(linesOf(output).join("\n"), /\nGET \/f 200 [\d.]+ [kM]B, broken off\n/);
});

Deno.test("serve warns where it cannot keep the mode of a file that is replaced", async () => {
  const bytes = randomBytes(2, 3000);
  const output = await serving(["--writable"], async ({ folder, url }) => {
    await Deno.chmod(`${folder}/f`, 0o640);
    using _fchmod = failFs("fchmod", "EPERM");
    using _chmod = failFs("chmod", "EPERM");
    const tag = (await bodyOf(`${url}f`, { method: "HEAD" }))[2].get("etag")!;
    const headers = { "Content-Type": DELTA, "If-Match": tag };
    const body = await deltaOf(new Uint8Array(0), bytes);
    assert.equal((await bodyOf(`${url}f`, { method: "PATCH", headers, body }))[0], 204);
    assertBytes(await Deno.readFile(`${folder}/f`), bytes);
    assert.deepEqual(await names(folder), ["f"]);
  });
  assert.match(output.err, /\nrsync-streams: warning: cannot keep the mode of "[^\n]+": [^\n]+\n/);
});
