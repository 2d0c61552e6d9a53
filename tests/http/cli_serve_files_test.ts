/** Which files `serve` gives and takes, and how it tells their versions: in this process. */
import assert from "node:assert/strict";
import { promises } from "node:fs";
import { assertBytes } from "../_helpers.ts";
import { names } from "../_cli_runner.ts";
import { isWindows } from "../_cli_runtimes.ts";
import { replace } from "../_cli_inside.ts";
import { randomBytes } from "../_recipes.ts";
import { bodyOf, FILE, linesOf, serving } from "./_cli_serving.ts";
import { DELTA, deltaOf } from "./_upload.ts";

Deno.test("serve tells a version by a tag that stays, and changes with the file", async () => {
  await serving([], async ({ folder, url }) => {
    const tagOf = async () => (await bodyOf(`${url}f`, { method: "HEAD" }))[2].get("etag");
    const tags = [await tagOf(), await tagOf()];
    assert.match(tags[0]!, /^"[\da-f]{32}"$/);
    assert.equal(tags[1], tags[0]);
    const [, , headers] = await bodyOf(`${url}f`);
    assert.equal(headers.get("last-modified"), new Date(1e12).toUTCString());
    await Deno.utime(`${folder}/f`, 1e9, 1e9 + 1);
    tags.push(await tagOf());
    await Deno.writeFile(`${folder}/g`, FILE);
    await Deno.utime(`${folder}/g`, 1e9, 1e9 + 1);
    await Deno.rename(`${folder}/g`, `${folder}/f`);
    tags.push(await tagOf());
    assert.equal(new Set(tags).size, 3);
  });
});

/** Does work in which the system says something else of files. */
async function withLstat(
  change: (stat: Record<string, unknown>, path: string) => unknown,
  work: () => Promise<void>,
): Promise<void> {
  const { lstat } = promises;
  const undo = replace(promises, "lstat", async (path: string, options: { bigint: true }) => {
    const stat = await lstat(path, options);
    const { dev, ino, size, mtimeNs, ctimeNs } = stat;
    const fields = {
      dev,
      ino,
      size,
      mtimeNs,
      ctimeNs,
      isFile: () => stat.isFile(),
      isDirectory: () => stat.isDirectory(),
    };
    return change(fields, path) ?? fields;
  });
  try {
    await work();
  } finally {
    undo();
  }
}

Deno.test("serve gives another tag where anything changes that the system says of a file", async () => {
  await serving([], async ({ url }) => {
    const tagOf = async () => (await bodyOf(`${url}f`, { method: "HEAD" }))[2].get("etag");
    const tags = [await tagOf()];
    for (const name of ["dev", "ino", "size", "mtimeNs", "ctimeNs"]) {
      await withLstat((stat) => void (stat[name] = stat[name] as bigint + 1n), async () => {
        tags.push(await tagOf());
      });
    }
    assert.equal(new Set(tags).size, 6, `${tags}`);
  });
});

Deno.test("serve waits with a file that was just changed, and gives it in the end", async () => {
  await serving([], async ({ url }) => {
    let looks = 0;
    const young = (age: number, times: number) => (stat: Record<string, unknown>) => {
      looks++;
      if (looks <= times) stat.mtimeNs = BigInt(Date.now() - age) * 1_000_000n;
    };
    const looksAt = async (age: number, times = Infinity) => {
      looks = 0;
      await withLstat(young(age, times), async () => {
        const [status, body] = await bodyOf(`${url}f`);
        assert.deepEqual([status, body.length], [200, 5000]);
      });
      return looks;
    };
    const now = Date.now();
    const undo = replace(Date, "now", () => now);
    try {
      // Before and after it is opened.
      assert.equal(await looksAt(60_000), 2);
      assert.equal(await looksAt(-60_000), 2);
      assert.equal(await looksAt(20), 2);
      assert.equal(await looksAt(19, 6), 8);
      assert.equal(await looksAt(-19, 6), 8);
      assert.equal(await looksAt(0), 40);
    } finally {
      undo();
    }
  });
});

Deno.test("serve says that a file is replaced all the time, and what else goes wrong inside", async () => {
  const output = await serving([], async ({ url }) => {
    let version = 0n;
    await withLstat((stat) => void (stat.ino = ++version), async () => {
      assert.equal((await bodyOf(`${url}f`))[0], 500);
    });
    assert.equal(version, 40n);
    const refused = () => {
      throw Object.assign(new Error("EIO: the disk is broken"), { code: "EIO" });
    };
    await withLstat(refused, async () => assert.equal((await bodyOf(`${url}f?x=1`))[0], 500));
    const gone = () => {
      throw Object.assign(new Error("ENOENT: gone"), { code: "ENOENT" });
    };
    await withLstat(gone, async () => assert.equal((await bodyOf(`${url}f`))[0], 404));
  });
  const lines = linesOf(output).slice(1);
  assert.match(lines[0]!, /^cannot answer GET \/f: [cC]annot read \S+\/f: it is replaced all the time$/);
  assert.match(lines[1]!, /^GET \/f 500 \d+ B$/);
  assert.match(lines[2]!, /^cannot answer GET \/f\?x=1: EIO: the disk is broken/);
});

Deno.test({
  name: "serve gives files by names that Windows takes for something else, and replaces them",
  ignore: isWindows,
  async fn() {
    await serving(["--writable", "-q"], async ({ folder, url }) => {
      for (const name of ["backup 16:10:00.tar", "aux.c", "end.", "end ", "a\\b", "con", "c:x"]) {
        await Deno.writeFile(`${folder}/${name}`, FILE);
        const path = encodeURIComponent(name);
        const [status, body, headers] = await bodyOf(url + path);
        assert.equal(status, 200, name);
        assertBytes(body, FILE);
        assert.equal((await bodyOf(`${url}${path}.rsig`))[0], 200, name);
        const target = randomBytes(3, 100);
        const [replaced] = await bodyOf(url + path, {
          method: "PATCH",
          body: await deltaOf(FILE, target),
          headers: { "Content-Type": DELTA, "If-Match": headers.get("etag")! },
        });
        assert.equal(replaced, 204, name);
        assertBytes(await Deno.readFile(`${folder}/${name}`), target);
      }
      await Deno.writeFile(`${folder}/a\nb`, FILE);
      assert.equal((await bodyOf(`${url}a%0Ab`))[0], 404);
      await Deno.symlink("a\nb", `${folder}/link`);
      assert.equal((await bodyOf(`${url}link`))[0], 404);
    });
  },
});

Deno.test("serve --writable takes uploads, and says which names no file may have", async () => {
  await serving(["--writable", "-q"], async ({ folder, url }) => {
    await Deno.mkdir(`${folder}/sub`);
    const target = randomBytes(2, 3000);
    const put = async (path: string, condition: Record<string, string>, basis = new Uint8Array(0)) => {
      const body = await deltaOf(basis, target);
      const [status, answer, headers] = await bodyOf(url + path, {
        method: "PATCH",
        body,
        headers: { "Content-Type": DELTA, ...condition },
      });
      return { status, text: new TextDecoder().decode(answer), headers };
    };
    const create = (path: string) => put(path, { "If-None-Match": "*" });
    const made = await create("sub/new");
    assert.equal(made.status, 201);
    assertBytes(await Deno.readFile(`${folder}/sub/new`), target);
    assert.equal(made.headers.get("etag"), (await bodyOf(`${url}sub/new`, { method: "HEAD" }))[2].get("etag"));
    assert.equal((await create("sub/new")).status, 412);
    const tag = (await bodyOf(`${url}f`, { method: "HEAD" }))[2].get("etag")!;
    assert.equal((await put("f", { "If-Match": tag }, FILE)).status, 204);
    assertBytes(await Deno.readFile(`${folder}/f`), target);
    assert.equal((await put("f", { "If-Match": tag }, FILE)).status, 412);

    await Deno.symlink("nowhere", `${folder}/dangling`);
    await Deno.symlink("../other", `${folder}/out`);
    await Deno.symlink("sub", `${folder}/link`);
    // Folders outside, and one that is hidden: a link to them is no way in.
    await Deno.symlink("..", `${folder}/up`);
    await Deno.mkdir(`${folder}/.git`);
    await Deno.symlink(".git", `${folder}/git`);
    await Deno.symlink("loop", `${folder}/loop`);
    const refused: [path: string, status: number, title: string, why: string][] = [
      [".hidden", 403, "Forbidden", "no file may have this name"],
      ["sub/.hidden", 403, "Forbidden", "no file may have this name"],
      [".sub/x", 403, "Forbidden", "no file may have this name"],
      ["a%5Cb", 403, "Forbidden", "no file may have this name"],
      ["a%2Fb", 403, "Forbidden", "no file may have this name"],
      ["nul.txt", 403, "Forbidden", "no file may have this name"],
      ["a.", 403, "Forbidden", "no file may have this name"],
      ["a%FF", 403, "Forbidden", "no file may have this name"],
      ["none/x", 409, "Conflict", "there is no such folder"],
      ["f/x", 409, "Conflict", "there is no such folder"],
      ["up/x", 409, "Conflict", "there is no such folder"],
      ["git/x", 409, "Conflict", "there is no such folder"],
      ["loop/x", 409, "Conflict", "there is no such folder"],
      ["loop", 403, "Forbidden", "something else is there"],
      ["dangling", 403, "Forbidden", "something else is there"],
      ["out", 403, "Forbidden", "something else is there"],
    ];
    for (const [path, status, title, why] of refused) {
      const answer = await create(path);
      assert.equal(answer.headers.get("content-type"), "application/problem+json", path);
      const detail = `Cannot create the file: ${why}`;
      assert.deepEqual(JSON.parse(answer.text), { type: "about:blank", title, status, detail }, path);
      assert.equal(answer.status, status);
    }
    assert.equal((await create("link/other")).status, 201);
    assert.deepEqual(await names(`${folder}/sub`), ["new", "other"]);
    assert.deepEqual(await names(folder), [".git", "dangling", "f", "git", "link", "loop", "out", "sub", "up"]);
    assert.deepEqual(await names(`${folder}/.git`), []);
    assert.deepEqual(await names(`${folder}/..`), ["dir"]);
    for (const path of ["loop", "loop/x", "git/x"]) assert.equal((await bodyOf(url + path))[0], 404, path);
  });
  await serving(["-q"], async ({ url }) => {
    const [status, , headers] = await bodyOf(`${url}f`, { method: "PATCH", body: "x" });
    assert.deepEqual([status, headers.get("allow")?.includes("PATCH")], [405, false]);
  });
});
