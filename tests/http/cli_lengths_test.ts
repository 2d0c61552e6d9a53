/** `pull` and `push` of empty files, of one byte, and of lengths that nobody knows: what they say, exactly. */
import assert from "node:assert/strict";
import { replace, run } from "../_cli_inside.ts";
import { names } from "../_cli_runner.ts";
import { randomBytes } from "../_recipes.ts";
import { settle, until } from "../_until.ts";
import { NEW, OLD } from "./_cli_host.ts";
import { gaveUp, inside, PART, succeeds, withStore } from "./_cli_runs.ts";

inside("pull tells on a terminal a share of what has bytes", async (folder, host) => {
  for (const [length, share] of [[0, ""], [1, " \\(\\d+\\.0 %\\)"]] as const) {
    await host.publish("/app.bin", randomBytes(4, length));
    await Deno.writeFile(`${folder}/app.bin`, OLD);
    const args = ["pull", "--no-progress", `${host.origin}/app.bin`, "app.bin"];
    const [err] = await succeeds(folder, args, { isTerminal: true });
    const fetched = `rsync-streams: app\\.bin is updated: [\\d.]+ k?B of ${length} B${share} fetched\n`;
    assert.match(err, new RegExp(`^${fetched}$`));
  }
});

inside("push tells on a terminal a share of what has bytes, and plans one too", async (folder) => {
  await withStore(async (_, url) => {
    for (const [length, share] of [[0, ""], [1, " \\(\\d+\\.0 %\\)"]] as const) {
      const name = `${"ab"[length]}.bin`;
      await Deno.writeFile(`${folder}/${name}`, randomBytes(4, length));
      const [, plan] = await succeeds(folder, ["push", "--plan", name, url]);
      assert.match(plan, new RegExp(`\nnot there {4}${length} bytes \\(`));
      assert.equal(/\nsaved {8}0\.0 %\n$/.test(plan), length > 0, plan);
      const [err] = await succeeds(folder, ["push", "--no-progress", name, url], { isTerminal: true });
      const sent = `rsync-streams: \\S+/${name} is created: \\d+ B of ${length} B${share} sent\n`;
      assert.match(err, new RegExp(`^${sent}$`));
    }
  });
});

inside("pull --plan says what is not known", async (folder, host) => {
  // A body whose length nobody tells, and nothing beside it.
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ method, url }) => {
    if (url.endsWith(".rsig")) return new Response(null, { status: 404 });
    return method === "HEAD" ? new Response(null, { status: 405 }) : new Response(new Blob([NEW]).stream());
  });
  try {
    const url = `http://127.0.0.1:${server.addr.port}/app.bin`;
    const [, text] = await succeeds(folder, ["pull", "--plan", url, "none.bin"]);
    assert.equal(
      text,
      [
        `${url} → none.bin`,
        "length       not known",
        "SHA-256      not known",
        "copied       0 bytes",
        "missing      not known",
        "way          the whole file: there is no local file to copy from",
        "expected     an unknown number of bytes in 3 requests",
        "saved        0.0 %\n",
      ].join("\n"),
    );
    const { plan } = JSON.parse((await succeeds(folder, ["pull", "--plan", "--json", url, "none.bin"]))[1]);
    assert.deepEqual([plan.fileLength, plan.missingLength, plan.bytesIn], [null, null, null]);
  } finally {
    await server.shutdown();
  }
  // A part of one byte is something to copy from.
  host.files.set("/bare", NEW);
  const fallback = async () => {
    const [, text] = await succeeds(folder, ["pull", "--plan", "--json", `${host.origin}/bare`, "app.bin"]);
    return JSON.parse(text).plan.fallback;
  };
  assert.equal(await fallback(), "no-basis");
  await Deno.writeFile(`${folder}/${PART}`, Uint8Array.of(1));
  assert.equal(await fallback(), "no-signature");
});

inside("pull keeps nothing of a whole file that could be fetched by ranges next time", async (folder, host) => {
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  host.givesRanges = false;
  host.failsAfter = 200_000;
  assert.doesNotMatch(await gaveUp(folder, ["pull", `${host.origin}/app.bin`, "app.bin"]), /kept/);
  assert.deepEqual(await names(folder), ["app.bin"]);
});

inside("pull leaves an empty part of what is of no use, where nothing comes", async (folder, host) => {
  await Deno.writeFile(`${folder}/app.bin`, randomBytes(8, 5000));
  await Deno.writeFile(`${folder}/${PART}`, randomBytes(9, 3000));
  host.failsAfter = 0;
  assert.doesNotMatch(await gaveUp(folder, ["pull", `${host.origin}/app.bin`, "app.bin"]), /kept/);
  assert.equal((await Deno.stat(`${folder}/${PART}`)).size, 0);
});

inside("pull goes on from the part to the file in the middle of a block", async (folder, host) => {
  await Deno.writeFile(`${folder}/${PART}`, NEW.slice(0, 300_123));
  await Deno.writeFile(`${folder}/app.bin`, NEW.slice(300_123, 600_000));
  const args = ["pull", "--json", `${host.origin}/app.bin`, "app.bin"];
  const { plan, keptLength, stats } = JSON.parse((await succeeds(folder, args))[1]);
  assert.equal(keptLength, 300_123);
  assert.ok(plan.copiedLength > 599_000, `${plan.copiedLength}`);
  assert.ok(host.sentLength < 101_000 && stats.fallback === null, `${host.sentLength} ${stats.fallback}`);
});

inside(
  "pull and push show a bar on a terminal once they take a while, and push none for nothing",
  async (folder, host) => {
    let now = 0;
    const undo = replace(performance, "now", () => now += 500);
    const before = Deno.env.get("TERM");
    Deno.env.set("TERM", "xterm");
    try {
      await withStore(async (_, url) => {
        await Deno.writeFile(`${folder}/app.bin`, NEW);
        const said = async (args: string[]) => (await succeeds(folder, args, { isTerminal: true }))[0];
        assert.match(await said(["push", "app.bin", url]), /\d+\.\d kB \| /);
        assert.doesNotMatch(await said(["push", "-q", "app.bin", `${url}other`]), / \| /);
        // Nothing is sent now: it is read, and that is all.
        const shown = await said(["push", "--progress", "-q", "app.bin", url]);
        assert.equal(shown.match(/kB\/s/g)?.length, shown.match(/ \| reading the file/g)?.length, shown);
        await Deno.writeFile(`${folder}/app.bin`, OLD);
        assert.match(await said(["pull", `${host.origin}/app.bin`, "app.bin"]), /\d+\.\d kB \| /);
        assert.match(await said(["publish", "app.bin"]), /700\.0 kB \| /);
      });
    } finally {
      undo();
      if (before === undefined) Deno.env.delete("TERM");
      else Deno.env.set("TERM", before);
    }
  },
);

inside("pull shows how far it is of what is fetched, without what came before", async (folder, host) => {
  let now = 0;
  const undo = replace(performance, "now", () => now += 500);
  try {
    await Deno.writeFile(`${folder}/app.bin`, OLD);
    host.stallsAfter = 30_000;
    const end = new AbortController();
    const args = ["pull", "--progress", `${host.origin}/app.bin`, "app.bin"];
    const running = run(folder, args, { signal: end.signal });
    await until("what has come", async () => (await Deno.stat(`${folder}/${PART}`).catch(() => null))?.size === 30_000);
    await settle();
    end.abort(new Error("enough"));
    const { err } = await running;
    const shares = Array.from(err.matchAll(/: ([\d.]+) % of 30\d\.\d kB \| /g), ([, share]) => Number(share));
    assert.ok(shares.length > 0 && shares.every((share) => share > 0 && share <= 10), err);
  } finally {
    undo();
  }
});
