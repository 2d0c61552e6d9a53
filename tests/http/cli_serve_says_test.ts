/** What `serve` answers and says, exactly: in this process. */
import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { assertBytes } from "../_helpers.ts";
import { inFolder, names } from "../_cli_runner.ts";
import { run } from "../_cli_inside.ts";
import { randomBytes } from "../_recipes.ts";
import { until } from "../_until.ts";
import { ask, bodyOf, FILE, linesOf, raw, serving, statusOf } from "./_cli_serving.ts";
import { DELTA, deltaOf } from "./_upload.ts";

Deno.test("serve logs each request, and counts them", async () => {
  let url = "";
  let problemLength = 0;
  const start = performance.now();
  const output = await serving([], async (served) => {
    ({ url } = served);
    assertBytes((await bodyOf(`${url}f`))[1], FILE);
    assertBytes((await bodyOf(`${url}f?a=b%20c`, { headers: { Range: "bytes=10-19" } }))[1], FILE.slice(10, 20));
    assert.equal((await bodyOf(`${url}f`, { method: "HEAD" }))[1].length, 0);
    const none = await bodyOf(`${url}none`);
    assert.equal(none[0], 404);
    problemLength = none[1].length;
  });
  const took = Math.ceil(performance.now() - start);
  const times = Array.from(output.err.matchAll(/ (\d+) ms\n/g), ([, ms]) => Number(ms));
  assert.ok(times.length === 4 && times.every((ms) => ms <= took), `${times} of ${took} ms`);
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

Deno.test("serve ends well where nobody reads its last line, and ends where nobody reads the URL", async () => {
  await inFolder(async (folder) => {
    for (const [failsAt, expected] of [[2, 0], [1, 141]] as const) {
      const end = new AbortController();
      let count = 0;
      let port = 0;
      const onOut = (text: string) => {
        port ||= Number(new URL(JSON.parse(text).url).port);
        if (++count === failsAt) return Promise.reject(Object.assign(new Error("EPIPE"), { code: "EPIPE" }));
        end.abort(new Error("enough"));
      };
      const { code, err } = await run(folder, ["serve", "--port", "0", "--json", "-q", folder], {
        signal: end.signal,
        onOut,
      });
      assert.deepEqual([code, err, count], [expected, "", failsAt]);
      await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }), Deno.errors.ConnectionRefused);
    }
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
      await fails([`--port=${port}`, folder], 108, `cannot use --port: ${port} was given, 0 to 65535 were expected`);
    }
    // The highest is one: it is the folder that is missing.
    await fails(["--port=65535", "none.txt"], 100, "cannot open none.txt: no such file or folder");
    for (const origin of ["https://a.example/", "a.example", "", "https://a.example\nX: y"]) {
      const expected = "an origin such as https://example.com, without a path, or * was expected";
      const why = `cannot use --allow-origin: ${JSON.stringify(origin)} was given, ${expected}`;
      await fails(["--allow-origin", origin, folder], 101, `${why}; try "rsync-streams serve --help"`);
    }
    await fails([""], 100, 'cannot open "": the name of the file is empty');
    await fails(["file.txt"], 100, "cannot serve file.txt: it is not a folder");
    await fails(["none.txt"], 100, "cannot open none.txt: no such file or folder");
    const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = listener.addr as Deno.NetAddr;
    await fails([`--port=${port}`, folder], 100, `cannot listen at 127.0.0.1:${port}: another program listens there`);
    listener.close();
  });
});
