/** What the command says where a server refuses, or does not answer. */
import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { cli, DENO, fails } from "../_cli_runner.ts";
import { runtimes } from "../_cli_runtimes.ts";
import { NEW, test } from "./_cli_host.ts";

/** Answers each request with the status in its path. In /push/ that is a PATCH alone, and there is no file yet. */
class StatusServer implements AsyncDisposable {
  readonly #server: http.Server;
  /** Requests so far. */
  count = 0;

  private constructor(server: http.Server) {
    this.#server = server;
  }

  static async start(): Promise<StatusServer> {
    const server = http.createServer((request, response) => {
      request.resume();
      const [, verb, status] = request.url!.split("/");
      if (status === "never") return;
      response.writeHead(verb === "push" && request.method !== "PATCH" ? 404 : Number(status)).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const started = new StatusServer(server);
    server.on("request", () => started.count++);
    return started;
  }

  get place(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const UPLOADS = 'it takes no uploads, as "serve --writable" does';

/** Statuses that a server answers to a push, what the command says of them, and its exit code. */
const REFUSALS: [status: number, words: string, exitCode: number][] = [
  [401, "it wants to know who asks: give --header 'Authorization: ...'", 109],
  [403, "it does not permit it", 109],
  [404, UPLOADS, 109],
  [405, UPLOADS, 109],
  [409, "there is no such folder, or something else is in the place of the file", 109],
  [411, "it wants to know beforehand how long an upload is", 109],
  [412, "the file there was changed or created meanwhile: push again, or pull first", 110],
  [413, "the upload is too long for it, or for a proxy before it", 109],
  [415, UPLOADS, 109],
  [422, "what it made of the upload has another SHA-256: did FILE change meanwhile?", 109],
  [501, UPLOADS, 109],
  [507, "it has no space left", 109],
];

test("push says what each refusal means, and what to do", async (folder) => {
  await Deno.writeFile(`${folder}/app.bin`, NEW);
  await using server = await StatusServer.start();
  for (const [status, words, exitCode] of REFUSALS) {
    const url = `http://${server.place}/push/${status}/app.bin`;
    const { code, stderr } = await cli(DENO, ["push", "app.bin", url], folder);
    const message = `cannot use ${url}: the server answered with status ${status}: ${words}`;
    assert.deepEqual([code, stderr], [exitCode, `rsync-streams: ${message}\n`]);
  }
});

test("pull and push say that credentials are missing, or not accepted", async (folder) => {
  await Deno.writeFile(`${folder}/app.bin`, NEW);
  await using server = await StatusServer.start();
  const url = `http://${server.place}/pull/401/x`;
  await fails(cli(DENO, ["pull", url], folder), 109, /status 401: it wants to know who asks/);
  const refused = /status 401: it does not accept the credentials that were given\n$/;
  await fails(cli(DENO, ["pull", "--header", "Authorization: Bearer x", url], folder), 109, refused);
  await fails(cli(DENO, ["push", "app.bin", url.replace("//", "//me:secret@")], folder), 109, refused);
});

for (const runtime of runtimes) {
  test(`in ${runtime.name} says why a server cannot be reached`, async (folder) => {
    await using server = await StatusServer.start();
    const cases: [url: string, why: string][] = [
      [`https://${server.place}/x`, "it does not speak TLS there: is it an http: URL?"],
      // Bun does not follow the list of ports that the Fetch standard blocks.
      ["http://127.0.0.1:1/x", runtime.name === "Bun" ? "nothing listens there" : "fetch does not permit this port"],
      ["http://nosuch.invalid/x", "there is no host of this name"],
    ];
    await Promise.all(cases.map(async ([url, why]) => {
      const { code, stderr } = await cli(runtime, ["pull", url], folder);
      assert.deepEqual([code, stderr], [109, `rsync-streams: cannot reach ${url}.rsig: ${why}\n`]);
    }));
  });
}

test("pull waits as long as --timeout says", async (folder) => {
  await using server = await StatusServer.start();
  const url = `http://${server.place}/pull/never/x`;
  await fails(cli(DENO, ["pull", "--timeout", "1", url], folder), 109, /nothing came for 1000 ms/);
  assert.ok(server.count >= 2, `${server.count} attempts`);
  await fails(cli(DENO, ["pull", "--timeout", "x", url], folder), 101, /cannot use --timeout: "x" was given/);
  for (const seconds of ["0", "2147484"]) {
    const message = new RegExp(`cannot use --timeout: ${seconds} was given, 1 to 2147483 seconds were expected\n`);
    await fails(cli(DENO, ["pull", "--timeout", seconds, url], folder), 108, message);
  }
});

test("names a basis that is not there, and what a URL looks like", async (folder, { origin }) => {
  const pulled = cli(DENO, ["pull", "--basis", "none", `${origin}/app.bin`], folder);
  await fails(pulled, 100, /cannot open none: no such file or folder: --basis names a file to copy from/);
  const patched = cli(DENO, ["patch", "none", "delta", "made"], folder);
  await fails(patched, 100, /cannot open none: no such file or folder: BASIS is the old file/);
  const place = origin.replace("http://", "");
  await fails(cli(DENO, ["pull", `${place}/app.bin`], folder), 101, new RegExp(`such as http://${place}/app\\.bin;`));
  await fails(cli(DENO, ["pull", "app.bin"], folder), 101, /an http: or https: URL was expected; try /);
});
