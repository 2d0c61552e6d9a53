/** Operands, statuses and plans of the commands that ask a server: in this process. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { replace, run } from "../_cli_inside.ts";
import { inFolder, names } from "../_cli_runner.ts";
import { isWindows } from "../_cli_runtimes.ts";
import { openPaths } from "../_fs.ts";
import { assertBytes } from "../_helpers.ts";
import { randomBytes } from "../_recipes.ts";
import { NEW, OLD } from "./_cli_host.ts";
import { gaveUp, inside, PART, succeeds, withStore } from "./_cli_runs.ts";

Deno.test("runCli() takes as many operands as each command names, and no others", async () => {
  await inFolder(async (folder) => {
    const refused = [
      ["pull"],
      ["pull", "http://localhost:1/a", "a.bin", "b.bin"],
      ["push", "a.bin"],
      ["push", "a.bin", "http://localhost:1/a", "b.bin"],
      ["serve"],
      ["serve", folder, folder],
      ["publish"],
    ];
    for (const args of refused) {
      // Whatever begins all the same ends soon.
      const aborter = new AbortController();
      const timer = setTimeout(() => aborter.abort(), 2000);
      const { code, err } = await run(folder, args, { signal: aborter.signal });
      clearTimeout(timer);
      assert.equal(code, 101, `${args}: ${err}`);
      assert.match(err, /^rsync-streams: .*(operand|missing|expected|too many)/i);
    }
    assert.deepEqual(await names(folder), []);
  });
});

/** What the command says of statuses where it pulls. */
const STATUSES: Record<number, string> = {
  401: "it wants to know who asks: give --header 'Authorization: ...'",
  403: "it does not permit it",
  407: "a proxy wants to know who asks",
  408: "it got the request too slowly",
  410: "the file is gone",
  421: "it does not serve this host",
  429: "it wants fewer requests",
  500: "it has failed",
  502: "the server behind it does not answer",
  503: "it is busy",
  504: "the server behind it does not answer in time",
  507: "it has no space left",
};

/** Runs work with a server that answers in one way. */
async function withAnswer(answer: (request: Request) => Response, work: (url: string) => Promise<void>): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  try {
    await work(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

inside("pull says what each status means, and what a server says itself", async (folder) => {
  const statusOf = ({ url }: Request) => Number(new URL(url).pathname.split("/")[1]);
  await withAnswer((request) => new Response(null, { status: statusOf(request) }), async (origin) => {
    for (const [status, words] of Object.entries(STATUSES)) {
      const err = await gaveUp(folder, ["pull", `${origin}/${status}/x`, "app.bin"]);
      const url = new RegExp(`cannot use ${origin}/${status}/x(\\.rsig)?: the server answered with status ${status}`);
      assert.match(err, url);
      assert.ok(err.endsWith(`status ${status}: ${words}\n`), err);
    }
    // Nothing is known of this one.
    assert.match(await gaveUp(folder, ["pull", `${origin}/418/x`, "app.bin"]), /status 418\n$/);
  });
  const problem = (length: number) => {
    const text = JSON.stringify({ detail: "" });
    return text.replace('""', `"${"x".repeat(length - text.length)}"`);
  };
  for (const [length, isRead] of [[65_536, true], [65_537, false]] as const) {
    const answer = () => new Response(problem(length), { status: 403, headers: { "Content-Type": PROBLEM } });
    await withAnswer(answer, async (origin) => {
      const err = await gaveUp(folder, ["pull", `${origin}/x`, "app.bin"]);
      assert.match(err, isRead ? /status 403: x+\n$/ : /status 403: it does not permit it\n$/);
    });
  }
  const told = () => new Response('{"detail":"who?"}', { status: 401, headers: { "Content-Type": PROBLEM } });
  await withAnswer(told, async (origin) => {
    const err = await gaveUp(folder, ["pull", `${origin}/x`, "app.bin"]);
    assert.match(err, /status 401: who\?; it wants to know who asks: give --header 'Authorization: \.\.\.'\n$/);
  });
});

const PROBLEM = "application/problem+json";

inside("pull --plan and push --plan say in words what they say in JSON", async (folder, host) => {
  await Deno.writeFile(`${folder}/app.bin`, OLD);
  const both = async (args: string[]) => {
    const [, text] = await succeeds(folder, args);
    const [, json] = await succeeds(folder, [...args, "--json"]);
    const lines = text.split("\n").slice(1, -1).map((line) => [line.slice(0, 13).trim(), line.slice(13)]);
    return { lines: Object.fromEntries(lines) as Record<string, string>, json: JSON.parse(json) };
  };
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const pulled = await both(["pull", "--plan", `${host.origin}/app.bin`, "app.bin"]);
  const { plan } = pulled.json;
  assert.ok(plan.savedShare > 0.4 && plan.savedShare < 0.6);
  assert.deepEqual(pulled.lines, {
    "length": `${NEW.length} bytes`,
    "SHA-256": plan.digest,
    "copied": `${plan.copiedLength} bytes (${percent(plan.copiedLength / NEW.length)})`,
    "missing": `${plan.missingLength} bytes (${percent(plan.missingLength / NEW.length)}) in 1 piece`,
    "way": "ranges of the file",
    "expected": `${plan.bytesIn} bytes in ${plan.requests} requests`,
    "saved": percent(plan.savedShare),
  });
  await withStore(async (_, url) => {
    await Deno.writeFile(`${folder}/app.bin`, NEW);
    const { lines, json: { stats } } = await both(["push", "--plan", "app.bin", url]);
    const { copiedBytes, literalBytes, bytesSent, bytesIn } = stats;
    assert.equal(copiedBytes + literalBytes, NEW.length);
    assert.deepEqual(lines, {
      "SHA-256": stats.digest,
      "there": `${copiedBytes} bytes (${percent(copiedBytes / NEW.length)})`,
      "not there": `${literalBytes} bytes (${percent(literalBytes / NEW.length)})`,
      "way": "what the server does not have",
      "to send": `${bytesSent} bytes`,
      "received": `${bytesIn} bytes`,
      "requests": `${stats.requests}`,
      "saved": percent(1 - (bytesSent + bytesIn) / NEW.length),
    });
  });
});

inside("pull and serve refuse a name that is none, before anything is asked for", async (folder, host) => {
  for (const name of ["", "a\ufffdb"]) {
    const said = name === ""
      ? /^rsync-streams: cannot write "": the name of the file is empty\n$/
      : /U\+FFFD in the name/;
    const { code, err } = await run(folder, ["pull", "--plan", `${host.origin}/app.bin`, name]);
    assert.equal(code, 100);
    assert.match(err, said);
    const published = await run(folder, ["publish", name]);
    assert.deepEqual([published.code, published.out], [100, ""]);
    const served = await run(folder, ["serve", name]);
    assert.deepEqual([served.code, served.out], [100, ""]);
    assert.match(served.err, name === "" ? /cannot open "": the name of the file is empty/ : /U\+FFFD in the name/);
  }
  assert.deepEqual([host.requests, await names(folder)], [[], []]);
});

/** Not one that passes at once, as those of attempts do here. */
const { setTimeout: wait } = globalThis;

/** Does work while files write less than they are asked to, and take a moment to be truncated. */
async function withShortWrites(work: () => Promise<unknown>): Promise<void> {
  const { open } = fs.promises;
  const undo = replace(fs.promises, "open", async (...args: Parameters<typeof open>) => {
    const file = await open(...args);
    const write = file.write.bind(file) as (...args: unknown[]) => Promise<unknown>;
    const truncate = file.truncate.bind(file);
    replace(file, "write", (bytes: Uint8Array, offset: number, length: number, position: number) => {
      return write(bytes, offset, Math.min(length, 777), position);
    });
    replace(file, "truncate", async (length: number) => {
      await new Promise((resolve) => wait(resolve, 50));
      await truncate(length);
    });
    return file;
  });
  try {
    await work();
  } finally {
    undo();
  }
}

inside("pull keeps all bytes where files write a part of them, and drops others before", async (folder, host) => {
  for (const kept of [undefined, randomBytes(9, 100_000)]) {
    host.reset();
    host.failsAfter = 50_000;
    if (kept) await Deno.writeFile(`${folder}/${PART}`, kept);
    await withShortWrites(() => gaveUp(folder, ["pull", `${host.origin}/app.bin`, "app.bin"]));
    assertBytes(await Deno.readFile(`${folder}/${PART}`), NEW.slice(0, 50_000));
    await Deno.remove(`${folder}/${PART}`);
  }
});

inside("pull uses no part that has another name too, and closes it", async (folder, host) => {
  if (isWindows) return;
  await Deno.writeFile(`${folder}/other.bin`, OLD);
  await Deno.link(`${folder}/other.bin`, `${folder}/${PART}`);
  const planOf = async (url: string) => (await run(folder, ["pull", "--plan", "--json", url, "app.bin"])).out;
  assert.equal(JSON.parse(await planOf(`${host.origin}/app.bin`)).keptLength, 0);
  assert.deepEqual(await openPaths(await Deno.realPath(folder)), []);
});
