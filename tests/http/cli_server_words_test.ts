/** What the command says of servers that do not answer, or refuse: each reason, in this process. */
import assert from "node:assert/strict";
import { replace, run } from "../_cli_inside.ts";
import { inFolder } from "../_cli_runner.ts";
import { NEW } from "./_cli_host.ts";
import { gaveUp } from "./_cli_runs.ts";

const BROKEN_OFF = "the connection broke off";
const NO_HOST = "there is no host of this name";
const NO_WAY = "there is no way to the host";
const SILENT = "the host does not answer";
const NO_TLS = "it does not speak TLS there: is it an http: URL?";
const UNTRUSTED = "its certificate is not trusted";
const EXPIRED = "its certificate has expired";
const OTHER_NAME = "its certificate is for another name";
const NO_HTTP = "it does not speak HTTP there";
const NO_PORT = "fetch does not permit this port";
const NOTHING = "the connection failed, and the runtime does not say why";

const CODES: Record<string, string> = {
  ECONNREFUSED: "nothing listens there",
  ConnectionRefused: "nothing listens there",
  ECONNRESET: BROKEN_OFF,
  EPIPE: BROKEN_OFF,
  UND_ERR_SOCKET: BROKEN_OFF,
  ENOTFOUND: NO_HOST,
  EAI_AGAIN: "the name of the host cannot be looked up now",
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
  ETIMEDOUT: SILENT,
  UND_ERR_CONNECT_TIMEOUT: SILENT,
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_HAS_EXPIRED: EXPIRED,
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_NAME,
  HPE_INVALID_CONSTANT: NO_HTTP,
};

/** Messages, from that of the error itself to that of its last cause. */
const MESSAGES: [messages: string[], words: string][] = [
  [["client error", "dns error: failed to lookup address information"], NO_HOST],
  [["received fatal alert: wrong version number"], NO_TLS],
  [["tls", "received corrupt message of type InvalidContentType"], NO_TLS],
  [["invalid peer certificate: Expired"], EXPIRED],
  [["invalid peer certificate: NotValidForName"], OTHER_NAME],
  [["invalid peer certificate: UnknownIssuer"], UNTRUSTED],
  [["fetch failed", "parser", "Response does not match: invalid HTTP version parsed"], NO_HTTP],
  [["bad port"], NO_PORT],
  [["Requests to port 6000 are blocked"], NO_PORT],
  // What is not known is said by the innermost error that says anything.
  [["fetch failed", "the moon is in the way"], "the moon is in the way"],
  [["the moon is in the way", ""], "the moon is in the way"],
  [["fetch failed", " it is dark\\n\\n", "\\n"], "it is dark"],
  [["", ""], NOTHING],
];

/** Runs work with a `fetch` that fails or answers in one way, and returns what it was asked for. */
async function withFetch(
  answer: (url: string, init: RequestInit) => Response | Promise<Response>,
  work: () => Promise<unknown>,
): Promise<void> {
  const undo = replace(globalThis, "fetch", async (url: string, init: RequestInit) => await answer(url, init));
  try {
    await work();
  } finally {
    undo();
  }
}

function nested(messages: readonly string[], code?: string): Error | undefined {
  const [message, ...causes] = messages;
  if (message === undefined) return undefined;
  const error = new TypeError(message, { cause: nested(causes, code) });
  return causes.length === 0 && code !== undefined ? Object.assign(error, { code }) : error;
}

Deno.test("pull explains each failure of a connection, by its code or its message", async () => {
  const cases: [error: unknown, words: string][] = [
    ...Object.entries(CODES).map((
      [code, words],
    ): [unknown, string] => [nested(["fetch failed", "it", "x"], code), words]),
    ...MESSAGES.map(([messages, words]): [unknown, string] => [nested(messages), words]),
    ["no error at all", NOTHING],
  ];
  await inFolder(async (folder) => {
    for (const [error, words] of cases) {
      await withFetch(() => Promise.reject(error), async () => {
        const said = await gaveUp(folder, ["pull", "http://host.test/app.bin", "app.bin"]);
        assert.equal(said, `rsync-streams: cannot reach http://host.test/app.bin.rsig: ${words}\n`);
      });
    }
  });
});

Deno.test("pull says of an answer that is too short how far it came", async () => {
  await inFolder(async (folder) => {
    const answer = (url: string, { headers }: RequestInit) => {
      if (url.endsWith(".rsig")) return new Response(null, { status: 404 });
      const [, from = "0"] = /^bytes=(\d+)-/.exec(new Headers(headers).get("range") ?? "") ?? [];
      const range = { "Content-Range": `bytes ${from}-99/100`, "ETag": '"1"' };
      const body = from === "0" ? "some" : "";
      return new Response(body, { status: from === "0" ? 200 : 206, headers: { ...range, "Content-Length": "100" } });
    };
    await withFetch(answer, async () => {
      const said = await gaveUp(folder, ["pull", "http://host.test/app.bin", "app.bin"]);
      assert.equal(said, "rsync-streams: cannot read http://host.test/app.bin: 4 bytes came, 100 were expected\n");
    });
  });
});

Deno.test("push says what a server says, and what to do where there is something to do", async () => {
  const refusals: [status: number, words: string, code: number][] = [
    [401, "; it wants to know who asks: give --header 'Authorization: ...'", 109],
    [403, "", 109],
    [405, '; it takes no uploads, as "serve --writable" does', 109],
    [409, "", 109],
    [412, "; the file there was changed or created meanwhile: push again, or pull first", 110],
    [413, "", 109],
    [418, "", 109],
  ];
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/app.bin`, NEW);
    for (const [status, words, expected] of refusals) {
      const headers = { "Content-Type": "application/problem+json" };
      const answer = (_: string, { method }: RequestInit) => {
        if (method !== "PATCH") return new Response(null, { status: 404 });
        return new Response('{"detail":"for 3 reasons"}', { status, headers });
      };
      await withFetch(answer, async () => {
        const { code, err } = await run(folder, ["push", "app.bin", "http://host.test/x"]);
        const said = `cannot use http://host.test/x: the server answered with status ${status}: for 3 reasons${words}`;
        assert.deepEqual([code, err], [expected, `rsync-streams: ${said}\n`]);
      });
    }
  });
});

Deno.test("pull and push refuse a header that is none, before anything is asked for", async () => {
  await inFolder(async (folder) => {
    for (const line of ["nothing", "a b: c", "a: b\nc", ": a"]) {
      const { code, err } = await run(folder, ["pull", "--header", line, "http://127.0.0.1:1/x"]);
      const said = `invalid header ${JSON.stringify(line)}: 'NAME: VALUE' was expected`;
      assert.deepEqual([code, err], [101, `rsync-streams: ${said}; try "rsync-streams pull --help"\n`]);
    }
  });
});

Deno.test("pull and push wait for 30 seconds, or as long as --timeout says", async () => {
  await inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/app.bin`, NEW);
    const { setTimeout: real } = globalThis;
    const waits = async (args: string[]) => {
      const seen = new Set<number>();
      const undo = replace(globalThis, "setTimeout", (work: () => void, ms: number) => {
        seen.add(ms);
        return real(work, ms);
      });
      try {
        await withFetch(() => new Response(null, { status: 403 }), async () => {
          for (const pair of [["http://host.test/app.bin", "app.bin"], ["app.bin", "http://host.test/app.bin"]]) {
            const command = pair[0] === "app.bin" ? "push" : "pull";
            const { code, err } = await run(folder, [command, ...args, ...pair]);
            if (code !== 109) return void seen.add(code);
            assert.match(err, /status 403/);
          }
        });
      } finally {
        undo();
      }
      return [...seen];
    };
    assert.deepEqual(await waits([]), [30_000]);
    assert.deepEqual(await waits(["--timeout", "1"]), [1000]);
    assert.deepEqual(await waits(["--timeout", "2147483"]), [2_147_483_000]);
    for (const seconds of ["0", "-1", "2147484"]) {
      const { code, err } = await run(folder, ["pull", "--timeout", seconds, "http://host.test/app.bin"]);
      const said = `cannot use --timeout: ${seconds} was given, 1 to 2147483 seconds were expected`;
      assert.deepEqual([code, err], [108, `rsync-streams: ${said}\n`]);
    }
  });
});

Deno.test("pull, push, serve and publish take named files alone, also by their help and completion", async () => {
  await inFolder(async (folder) => {
    for (const command of ["pull", "push", "serve", "publish"]) {
      assert.doesNotMatch((await run(folder, [command, "--help"])).out, /standard (in|out)put/i, command);
    }
    assert.match((await run(folder, ["delta", "--help"])).out, /standard input/i);
    const completion = (await run(folder, ["completion", "bash"])).out;
    assert.ok(completion.includes('    --basis) _rsync_streams_offer file "$cur"; return ;;\n'), completion);
  });
});
