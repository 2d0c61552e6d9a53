/** What `serve` answers and says, exactly: in this process. */
import assert from "node:assert/strict";
import { promises } from "node:fs";
import { createConnection } from "node:net";
import { inFolder, names } from "../_cli_runner.ts";
import { type Output, replace, run } from "../_cli_inside.ts";
import { assertBytes } from "../_helpers.ts";
import { randomBytes } from "../_recipes.ts";
import { until } from "../_until.ts";
import { DELTA, deltaOf } from "./_upload.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const FILE = randomBytes(1, 5000);

interface Served {
  /** The folder that is served. It has `f`, of 5,000 bytes, and is in another one, which is empty otherwise. */
  folder: string;
  url: string;
  port: number;
}

/** Serves a folder while something is done, and returns what the command has said. */
async function serving(flags: string[], work: (served: Served) => Promise<void>): Promise<Output> {
  let output: Output | undefined;
  await inFolder(async (outside) => {
    const folder = `${outside}/dir`;
    await Deno.mkdir(folder);
    await Deno.writeFile(`${folder}/f`, FILE);
    await Deno.utime(`${folder}/f`, 1e9, 1e9);
    const end = new AbortController();
    let listening = "";
    const ended = run(outside, ["serve", "--port", "0", "--json", ...flags, folder], {
      signal: end.signal,
      onOut: (text) => listening += text,
    });
    try {
      await until("a server", () => listening.includes("\n"));
      const { url } = JSON.parse(listening);
      await work({ folder, url, port: Number(new URL(url).port) });
    } finally {
      end.abort(new Error("enough"));
      output = await ended;
    }
  });
  return output!;
}

/** The lines of a log, without the time that each request took. */
function linesOf({ err }: Output): string[] {
  const lines = err.split("\n").slice(0, -1).map((line) => line.replace(/ \d+ ms/, ""));
  return lines.map((line) => line.replace(/^rsync-streams: /, ""));
}

/** Sends bytes as they are, and returns the answer as a text. */
function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (data) => text += data);
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.write(request);
  });
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);
const ask = (line: string, host = "localhost") => `${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

async function bodyOf(url: string, init: RequestInit = {}): Promise<[status: number, body: Bytes, headers: Headers]> {
  const response = await fetch(url, init);
  return [response.status, new Uint8Array(await response.arrayBuffer()), response.headers];
}

Deno.test("serve logs each request, and counts them", async () => {
  let url = "";
  let problemLength = 0;
  const output = await serving([], async (served) => {
    ({ url } = served);
    assertBytes((await bodyOf(`${url}f`))[1], FILE);
    assertBytes((await bodyOf(`${url}f?a=b%20c`, { headers: { Range: "bytes=10-19" } }))[1], FILE.slice(10, 20));
    assert.equal((await bodyOf(`${url}f`, { method: "HEAD" }))[1].length, 0);
    const none = await bodyOf(`${url}none`);
    assert.equal(none[0], 404);
    problemLength = none[1].length;
  });
  assert.equal(output.code, 0);
  const [listening, request, range, head, none, ...others] = linesOf(output);
  assert.match(listening!, /^.*dir is served at http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.deepEqual([request, range, head], ["GET /f 200 5.0 kB", "GET /f?a=b%20c 206 10 B", "HEAD /f 200 0 B"]);
  assert.equal(none, `GET /none 404 ${problemLength} B`);
  assert.deepEqual(others, []);
  const [first, last, ...more] = output.out.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(more, []);
  assert.deepEqual(first, { url, folder: first.folder });
  assert.deepEqual(last, { ...first, stats: { requests: 4, bytesOut: 5000 + 10 + problemLength } });
});

Deno.test("serve -q says nothing, and without --json it prints nothing", async () => {
  const output = await serving(["-q"], async ({ url }) => void await bodyOf(`${url}f`));
  assert.equal(output.err, "");
  await inFolder(async (folder) => {
    const end = new AbortController();
    end.abort();
    const { code, out, err } = await run(folder, ["serve", "--port", "0", folder], { signal: end.signal });
    assert.equal(out, "");
    assert.equal(code, 0);
    assert.match(err, /^(rsync-streams: \S+ is served at http:\/\/127\.0\.0\.1:\d+\/\n)?$/);
  });
});

Deno.test("serve answers only those that call this machine by a name of its own", async () => {
  const output = await serving([], async ({ port }) => {
    for (const host of ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:1", "127.1.2.3", "[::1]", "[::1]:8080"]) {
      assert.equal(statusOf(await raw(port, ask("GET /f", host))), 200, host);
    }
    const others = [
      "evil.example",
      "127.0.0.1.x",
      "1127.0.0.1",
      "128.0.0.1",
      "localhost.x",
      "xlocalhost",
      "[::2]",
      "0",
    ];
    for (const host of others) {
      const answer = await raw(port, ask("GET /f", host));
      assert.equal(statusOf(answer), 421, host);
      assert.ok(answer.endsWith("This host is not served here\n") || /chunked/i.test(answer), answer);
    }
  });
  assert.ok(linesOf(output).includes("GET /f 421 29 B"), output.err);
});

Deno.test("serve in every network answers whoever asks, and warns of uploads", async () => {
  const open = await serving(["--host", "0.0.0.0"], async ({ port }) => {
    assert.equal(statusOf(await raw(port, ask("GET /f", "any.example"))), 200);
  });
  assert.doesNotMatch(open.err, /warning/);
  const writable = await serving(["--host", "0.0.0.0", "--writable"], async () => {});
  assert.match(writable.err, /warning: anybody who reaches 0\.0\.0\.0 may replace files\n/);
  const local = await serving(["--writable"], async () => {});
  assert.doesNotMatch(local.err, /warning/);
  const quiet = await serving(["--host", "0.0.0.0", "--writable", "-q"], async () => {});
  assert.equal(quiet.err, "");
});

Deno.test("serve lets no page of another origin read, unless it is told to", async () => {
  await serving([], async ({ url }) => {
    for (const path of ["f", "none", "f.rsig"]) {
      assert.equal((await bodyOf(url + path))[2].get("access-control-allow-origin"), null, path);
    }
  });
  await serving(["--allow-origin", "https://a.example"], async ({ url }) => {
    assert.equal((await bodyOf(`${url}f`))[2].get("access-control-allow-origin"), "https://a.example");
  });
});

Deno.test("serve gives a client that asks as a proxy does what it asks for, and 400 where that is no URL", async () => {
  await serving([], async ({ port }) => {
    assert.equal(statusOf(await raw(port, ask("GET http://localhost/f"))), 200);
    assert.equal(statusOf(await raw(port, ask("GET *"))), 400);
  });
});

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
  assert.match(lines[2]!, /^cannot answer GET \/f\?x=1: .*the disk is broken/);
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
    assert.deepEqual(await names(folder), ["dangling", "f", "link", "out", "sub"]);
    assert.deepEqual(await names(`${folder}/..`), ["dir"]);
  });
  await serving(["-q"], async ({ url }) => {
    const [status, , headers] = await bodyOf(`${url}f`, { method: "PATCH", body: "x" });
    assert.deepEqual([status, headers.get("allow")?.includes("PATCH")], [405, false]);
  });
});

Deno.test("serve reads the body of a request as it is wanted, and says where an answer broke off", async () => {
  const output = await serving(["--writable"], async ({ folder, port }) => {
    await Deno.truncate(`${folder}/f`, 2 ** 28);
    const delta = await deltaOf(new Uint8Array(0), randomBytes(3, 200_000));
    const headers = `Host: localhost\r\nContent-Type: ${DELTA}\r\nIf-None-Match: *\r\nConnection: close\r\n`;
    const head = `PATCH /new HTTP/1.1\r\n${headers}Content-Length: ${delta.length}\r\n\r\n`;
    const send = (pieces: (string | Uint8Array)[], onSent: (socket: ReturnType<typeof createConnection>) => void) => {
      return new Promise<string>((resolve) => {
        const socket = createConnection(port, "127.0.0.1");
        let text = "";
        socket.setEncoding("latin1");
        socket.on("data", (data) => text += data);
        socket.on("error", () => {});
        socket.on("close", () => resolve(text));
        for (const piece of pieces) socket.write(piece);
        onSent(socket);
      });
    };
    // Cut in the middle.
    const cut = await send([head, delta.slice(0, 150_000)], (socket) => {
      until("a temporary file", async () => (await names(folder)).length > 1).then(() => socket.destroy());
    });
    assert.equal(cut, "");
    await until("no temporary file", async () => (await names(folder)).length === 1);
    // In many pieces.
    const pieces = Array.from({ length: 100 }, (_, i) => delta.slice(i * 2100, (i + 1) * 2100));
    const whole = await send([head, ...pieces], () => {});
    assert.equal(statusOf(whole), 201, whole);
    assertBytes(await Deno.readFile(`${folder}/new`), randomBytes(3, 200_000));
    // A client that goes away in the middle of an answer.
    const gone = send([ask("GET /f")], (socket) => void socket.once("data", () => socket.destroy()));
    assert.equal(statusOf(await gone), 200);
  });
  const lines = linesOf(output).slice(1);
  assert.ok(lines.some((line) => /^PATCH \/new \d+ \d+ B, broken off$/.test(line)), lines.join("\n"));
  assert.ok(lines.includes("PATCH /new 201 0 B"), lines.join("\n"));
  assert.ok(lines.some((line) => /^GET \/f 200 [\d.]+ [kM]B, broken off$/.test(line)), lines.join("\n"));
});

Deno.test("serve says where it cannot listen, and what it cannot serve", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file.txt`, "");
    const fails = async (args: string[], code: number, message: string) => {
      assert.deepEqual(await run(folder, ["serve", ...args]), { code, out: "", err: `rsync-streams: ${message}\n` });
    };
    for (const port of ["65536", "-1"]) {
      await fails([`--port=${port}`, folder], 108, `cannot use --port: ${port} was given, 0 to 65535 was expected`);
    }
    await fails(["file.txt"], 100, "cannot serve file.txt: it is not a folder");
    await fails(["none.txt"], 100, "cannot open none.txt: no such file or folder");
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = listener.addr as Deno.NetAddr;
    await fails([`--port=${port}`, folder], 100, `cannot listen at 127.0.0.1:${port}: another program listens there`);
    listener.close();
  });
});
