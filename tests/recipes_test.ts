/**
 * Each page of docs/recipes, and the Node server of docs/http.md, run as a user does, with the packed npm package.
 * `deno task test:examples`.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { builtTarball } from "../scripts/build_npm.ts";
import { ROOT, toolCommand } from "../scripts/npm_tools.ts";
import { sha256 } from "./_bytes.ts";
import { attempt, leaveOut } from "./_attempt.ts";
import { blocksOf, Folder, freePort, type Runner, serveFiles } from "./_page_programs.ts";
import { concat, make, randomBytes } from "./_recipes.ts";
import { besideTool, chromiumBinary, DRIVER_NODE, makeProject, nodeBinary } from "./runtimes/tools.ts";

const OLD = concat([make({ gen: "text", seed: 1, len: 300_000 }), randomBytes(2, 300_000)]);
const NEW = concat([OLD.subarray(0, 200_000), randomBytes(3, 100), OLD.subarray(210_000)]);
const THIRD = concat([NEW.subarray(0, 50_000), NEW.subarray(60_000), randomBytes(4, 100)]);

const project = attempt("recipes", () => makeProject(builtTarball()));

Deno.test.afterAll(() => {
  if (typeof project === "string") rmSync(project, { recursive: true });
});

/** What is done with the programs and commands of a page. */
type Use = (folder: Folder, commands: string[], serverCommands: string[]) => Promise<void>;

const tested = new Set<string>();

/** A test of a page. `get` looks for what the machine must have. */
function recipe(page: string, title: string, use: Use, get: () => unknown = () => nodeBinary(DRIVER_NODE)): void {
  tested.add(page);
  const got = project instanceof Error ? project : attempt("recipes", get);
  const name = `${basename(page)}: ${title}`;
  if (project instanceof Error || got instanceof Error) return leaveOut(name);
  Deno.test(name, async () => {
    const port = freePort();
    const blocks = blocksOf(`docs/recipes/${page}`);
    const folder = new Folder(project, blocks, port);
    const shell = blocks.filter(({ language }) => language === "sh").map(({ name, text }) => {
      return { name, text: text.replaceAll("8080", `${port}`).replace(/(rsync-streams serve)/, `$1 --port ${port}`) };
    });
    const commands = shell.filter(({ name }) => name === "").map(({ text }) => text);
    await use(folder, commands, shell.filter(({ name }) => name === "server").map(({ text }) => text));
  });
}

function findRdiff(): void {
  const folders = (process.env.PATH ?? "").split(":");
  if (!folders.some((folder) => existsSync(join(folder, "rdiff")))) throw new Error("rdiff is not installed");
}

const RUNNERS: readonly Runner[] = ["node", "bun", "deno"];

for (const runner of RUNNERS) {
  const get = () => runner === "bun" ? toolCommand("bun", "bun") : nodeBinary(DRIVER_NODE);

  recipe("file.md", `the old file becomes the new one, in ${runner}`, async (folder, [commands]) => {
    folder.write("old", OLD);
    folder.write("new", NEW);
    await folder.run(commands!, runner);
    folder.assertSame("old", "new");
    assert.ok(folder.read("new.delta").length < 3000);
  }, get);

  recipe("node-streams.md", `a delta through gzip, in ${runner}`, async (folder, [commands]) => {
    folder.write("old", OLD);
    folder.write("new", NEW);
    await folder.run(commands!, runner);
    folder.assertSame("copy", "new");
    assert.ok(folder.read("new.delta.gz").length < 3000);
  }, get);

  recipe("callbacks.md", `a copy becomes the new file, in ${runner}`, async (folder, [command]) => {
    folder.write("old", OLD);
    folder.write("new", NEW);
    assert.match(await folder.run(command!, runner), /^\d\d\d blocks found/);
    folder.assertSame("copy", "new");
    assert.ok(folder.read("new.delta").length < 3000);
  }, get);

  recipe(
    "http.md",
    `an upload and a download send what changed, in ${runner}`,
    async (folder, [commands], [server]) => {
      folder.write("inbox/.keep", "");
      folder.write("old", OLD);
      folder.write("new", NEW);
      await using _server = await folder.serve(server!);
      const output = await folder.run(commands!, runner);
      const [, , sent, came] = /^created: (\d+).*\nupdated: (\d+).*\n(\d+) bytes came/.exec(output) ?? [];
      assert.ok(Number(sent) < 3000 && Number(came) < 6000, output);
      folder.assertSame("inbox/file", "new");
      folder.assertSame("old", "new");
    },
    get,
  );

  recipe(
    "app-update.md",
    `the archive becomes the release, in ${runner}`,
    async (folder, [publish, manifest, update]) => {
      folder.write("release/app-2.0.0.asar", NEW);
      folder.write("app.asar", OLD);
      await folder.run(publish! + manifest!, runner);
      await using host = await serveFiles(join(folder.path, "release"));
      const command = update!.replace(/http:\S+/, host.url.href);
      const output = await folder.run(command, runner);
      const [, came] = /version 2\.0\.0: (\d+) bytes came/.exec(output) ?? [];
      assert.ok(Number(came) < 20_000, output);
      folder.assertSame("app.asar", "release/app-2.0.0.asar");

      folder.write("app.asar", OLD);
      folder.write("release/latest.json", JSON.stringify({ version: "2.0.0", file: "app-2.0.0.asar", sha256: "0" }));
      await assert.rejects(folder.run(command, runner), /is not what latest\.json says/);
      assert.ok(folder.read("app.asar").equals(OLD), "the old archive stays");
      assert.ok(!folder.has("app.asar.next"));
    },
    get,
  );

  recipe("backup.md", `rdiff restores each version, in ${runner}`, async (folder, [backup, restore]) => {
    for (const [name, bytes] of [["first", OLD], ["second", NEW], ["third", THIRD]] as const) folder.write(name, bytes);
    await folder.run(backup!, runner);
    await folder.run(restore!, runner);
    folder.assertSame("restored.second", "second");
    folder.assertSame("restored.first", "first");
    const deltas = readdirSync(join(folder.path, "saved")).filter((name) => name.endsWith(".delta"));
    for (const name of deltas) assert.ok(folder.read(`saved/${name}`).length < 20_000, name);
  }, () => [get(), findRdiff()]);
}

/** Makes a table, or adds to it: `sql.mjs STATEMENT`. */
const SQL = `import { DatabaseSync } from "node:sqlite";
const database = new DatabaseSync(process.argv[2]);
database.exec(process.argv[3]);
console.log("rows:", database.prepare("SELECT count(*) AS rows FROM t").get().rows);
`;
const MANY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)";
const CREATE = `CREATE TABLE t (i INTEGER PRIMARY KEY, s TEXT); ${MANY} INSERT INTO t SELECT i, hex(i * i) FROM n`;

recipe("sqlite.md", "the second snapshot sends what changed", async (folder, [snapshot], [server]) => {
  folder.write("inbox/.keep", "");
  folder.write("sql.mjs", SQL);
  await folder.run(`node sql.mjs app.db "${CREATE}"`);
  await using _server = await folder.serve(server!);
  assert.match(await folder.run(snapshot!), /created: \d+ bytes/);
  await folder.run(`node sql.mjs app.db "INSERT INTO t VALUES (20001, 'one more')"`);
  const output = await folder.run(snapshot!);
  const [, sent] = /updated: (\d+) bytes sent for \d+/.exec(output) ?? [];
  assert.ok(Number(sent) < 5000, output);
  assert.match(await folder.run(`node sql.mjs inbox/app.db "SELECT 1"`), /rows: 20001/);
});

const getBrowser = () => ({ chromium: chromiumBinary(), node: nodeBinary(DRIVER_NODE) });

/** Opens a page of a folder in Chromium, as a user who picks files does, and returns what it says. */
async function openPage(folder: Folder, page: string, files: Record<string, string>, output: string): Promise<string> {
  const { chromium, node } = getBrowser();
  const driver = besideTool("playwright-core", ["open_page.js", "chromium.js"]);
  await using host = await serveFiles(folder.path);
  const inputs = Object.entries(files).map(([selector, name]) => `${selector}=${join(folder.path, name)}`);
  const args = ["open_page.js", chromium, new URL(page, host.url).href, join(folder.path, output), ...inputs];
  const { stdout } = await promisify(execFile)(node, args, { cwd: driver, timeout: 60_000 });
  return stdout.trim();
}

recipe("page.md", "the page offers a delta", async (folder) => {
  folder.write("old", OLD);
  folder.write("new", NEW);
  const text = await openPage(folder, "compare.html", { "#old": "old", "#new": "new" }, "delta");
  assert.equal(text, `The delta has ${folder.read("delta").length} bytes, the file ${NEW.length}`);
  await folder.run("npx rsync-streams patch old delta copy");
  folder.assertSame("copy", "new");
}, getBrowser);

recipe("worker.md", "the Worker makes a delta", async (folder, [build]) => {
  folder.write("old", OLD);
  folder.write("new", NEW);
  await folder.run(build!.replace("npx esbuild", toolCommand("esbuild", "esbuild")));
  const text = await openPage(folder, "work.html", { "#old": "old", "#new": "new" }, "delta");
  assert.equal(text, `The delta has ${folder.read("delta").length} bytes`);
  await folder.run("npx rsync-streams patch old delta copy");
  folder.assertSame("copy", "new");
}, getBrowser);

recipe("opfs.md", "the second visit fetches what changed", async (folder) => {
  const { chromium, node } = getBrowser();
  const driver = besideTool("playwright-core", ["open_pages.js", "chromium.js"]);
  const kept =
    `new Response(await (await (await navigator.storage.getDirectory()).getFileHandle("data.bin")).getFile())`;
  await using host = await serveFiles(folder.path);
  // A visit of a later page of the same origin, which has the same file system.
  folder.write("data.bin", OLD);
  folder.write("later/data.bin", NEW);
  folder.write("later/keep.html", folder.read("keep.html"));
  await folder.run("npx rsync-streams publish later/data.bin && ln -s ../node_modules later/node_modules");
  const urls = ["keep.html", "later/keep.html"].map((path) => new URL(path, host.url).href);
  const args = ["open_pages.js", chromium, kept, ...urls];
  const { stdout } = await promisify(execFile)(node, args, { cwd: driver, timeout: 60_000 });
  const [first, second] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([first.sha256, second.sha256], [await sha256(OLD), await sha256(NEW)]);
  const [, came] = /^(\d+) bytes came for \d+$/.exec(second.text) ?? [];
  assert.ok(Number(came) < 20_000, second.text);
}, getBrowser);

recipe("../http.md", "a client of the Node server gets what changed", async (folder, commands, [server]) => {
  folder.write("old", OLD);
  folder.write("new", NEW);
  await using _server = await folder.serve(server!);
  const pull = commands.find((text) => text.includes(" pull "))!;
  const { stats } = JSON.parse(await folder.run(pull.replace("pull", "pull --json --quiet")));
  assert.ok(stats.bytesIn < 6000, `${stats.bytesIn} bytes came`);
  folder.assertSame("old", "new");
});

Deno.test("each recipe has a test, and a line in the list", () => {
  const list = Deno.readTextFileSync(join(ROOT, "docs/recipes/README.md"));
  for (const { name } of Deno.readDirSync(join(ROOT, "docs/recipes"))) {
    if (name === "README.md") continue;
    assert.ok(tested.has(name), `${name} has no test`);
    assert.ok(list.includes(`(${name})`), `${name} is not in the list`);
  }
});
