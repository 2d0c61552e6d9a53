/** Holds the conversations and the bytes on docs/http.md against the handler, and the client against what it says. */
import assert from "node:assert/strict";
import { patchStream } from "rsync-streams";
import { fetchUpdate, sendUpdate, type SyncHandler, syncHandler } from "rsync-streams/http";
import { decodeRuns, encodeRuns } from "../src/http/protocol/run_list.ts";
import { hex, source, toBytes } from "./_helpers.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const PAGE = Deno.readTextFileSync(new URL("../docs/http.md", import.meta.url));
const ORIGIN = "http://localhost";
const RUNS = [{ offset: 200, length: 100 }, { offset: 5000, length: 10 }];

/** What `seq -f 'line %04g' 0 999` writes. */
const LINES = Array.from({ length: 1000 }, (_, i) => `line ${String(i).padStart(4, "0")}\n`);
const FILE = new TextEncoder().encode(LINES.join(""));
const CHANGED = new TextEncoder().encode(LINES.with(500, "new line!\n").join(""));

/** The bytes of a block of hex; a comment follows after two spaces or more. */
function bytesOf(name: string): Bytes {
  const block = PAGE.match(new RegExp(`^\`\`\`hex ${name}\\n([^]*?)^\`\`\`$`, "m"))![1]!;
  const digits = block.trimEnd().split("\n").map((line) => line.match(/^[0-9a-f]{2}( [0-9a-f]{2})*(?= {2}|$)/)![0]);
  return Uint8Array.from(digits.join(" ").split(" "), (byte) => parseInt(byte, 16));
}

interface Message {
  /** The first line. */
  start: string;
  headers: [name: string, value: string][];
  body: string | undefined;
}

/** The blocks of HTTP: requests and answers in turn. */
function messages(): Message[] {
  return Array.from(PAGE.matchAll(/^```http\n([^]*?)^```$/gm), ([, text]) => {
    const [head = "", body] = text!.trimEnd().split("\n\n");
    const [start = "", ...fields] = head.split("\n");
    const headers = fields.map((field) => field.split(/: (.*)/).slice(0, 2) as [string, string]);
    return { start, headers, body };
  });
}

/** A handler of `/lines`, and its file. */
function host(): { handler: SyncHandler; file: () => Bytes } {
  let version = 1;
  let file: Bytes = FILE;
  const handler = syncHandler({
    open({ pathname }) {
      if (pathname !== "/lines") return undefined;
      return { basis: file, size: file.length, entityTag: `"v${version}"` };
    },
    async commit(_url, readable) {
      file = await toBytes(readable);
      version++;
    },
  });
  return { handler, file: () => file };
}

Deno.test("docs/http.md: the list of runs is what the client writes and the handler reads", () => {
  assert.equal(hex(encodeRuns(RUNS)), hex(bytesOf("runs")));
  assert.deepEqual(decodeRuns(bytesOf("runs")), RUNS);
});

Deno.test("docs/http.md: the delta replaces the line that the page says", async () => {
  assert.deepEqual(await toBytes(source(bytesOf("delta")).pipeThrough(patchStream(FILE))), CHANGED);
});

Deno.test("docs/http.md: the handler answers each request as the page says", async () => {
  const { handler, file } = host();
  const all = messages();
  assert.ok(all.length >= 12 && all.length % 2 === 0, `${all.length} messages`);
  for (let i = 0; i < all.length; i += 2) {
    const [asked, expected] = [all[i]!, all[i + 1]!];
    const [, method, path] = /^(\S+) (\S+) HTTP\/1\.1$/.exec(asked.start)!;
    const body = asked.body === undefined ? {} : { body: bytesOf(/^\[(.*)\]$/.exec(asked.body)![1]!) };
    const answer = await handler(new Request(ORIGIN + path, { method: method!, headers: asked.headers, ...body }));
    const bytes = await toBytes(answer.body ?? new Blob([]).stream());
    assert.equal(answer.status, Number(/^HTTP\/1\.1 (\d+) /.exec(expected.start)![1]), asked.start);
    for (const [name, value] of expected.headers) {
      assert.equal(answer.headers.get(name), value, `${asked.start}: ${name}`);
    }
    if (expected.body !== undefined) assert.equal(new TextDecoder().decode(bytes), expected.body);
    if (asked.body !== "[runs]" || answer.status !== 200) continue;
    assert.equal(new TextDecoder().decode(bytes), LINES.slice(20, 30).join("") + LINES[500]);
  }
  assert.deepEqual(file(), CHANGED);
});

/** Notes what a client sends. */
function noting(handler: SyncHandler, requests: Request[]) {
  return (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    requests.push(request.clone());
    return handler(request);
  };
}

Deno.test("docs/http.md: the client sends the requests of the page", async () => {
  const { handler } = host();
  const requests: Request[] = [];
  const { readable } = await fetchUpdate(`${ORIGIN}/lines`, CHANGED, { fetch: noting(handler, requests) });
  assert.deepEqual(await toBytes(readable), FILE);
  const [first, second] = requests as [Request, Request];
  assert.deepEqual([first.method, first.url, first.headers.get("Range")], [
    "GET",
    `${ORIGIN}/lines.rsig`,
    "bytes=-2048",
  ]);
  assert.equal(first.headers.get("Accept-Encoding"), "identity");
  assert.deepEqual([second.method, second.url, second.headers.get("If-Match")], ["QUERY", `${ORIGIN}/lines`, '"v1"']);
  assert.equal(second.headers.get("Content-Type"), "application/vnd.rsync-streams.runs");
  const [run] = decodeRuns(await second.bytes())!;
  assert.ok(run!.offset <= 5000 && run!.offset + run!.length >= 5010);
});

Deno.test("docs/http.md: an upload is a PATCH with If-Match, and with If-None-Match for a new file", async () => {
  const { handler, file } = host();
  const requests: Request[] = [];
  const options = { fetch: noting(handler, requests) as typeof fetch };
  assert.equal((await sendUpdate(`${ORIGIN}/lines`, CHANGED, options)).status, "updated");
  assert.deepEqual(file(), CHANGED);
  const patch = requests.at(-1)!;
  assert.deepEqual([patch.method, patch.headers.get("If-Match")], ["PATCH", '"v1"']);
  assert.equal((await sendUpdate(`${ORIGIN}/other`, FILE, options)).status, "created");
  const create = requests.at(-1)!;
  assert.deepEqual([create.method, create.headers.get("If-None-Match")], ["PATCH", "*"]);
});

/** The source of an interface or a type of `src/http`. */
function declarationOf(path: string, name: string): string {
  const source = Deno.readTextFileSync(new URL(`../src/http/${path}`, import.meta.url));
  return source.match(new RegExp(`^export (?:interface ${name}\\b[^]*?^}|type ${name}\\b[^]*?;$)`, "m"))![0];
}

/** Options and their defaults, as numbers where they are numbers. */
function optionsOf(path: string, name: string): [string, string][] {
  const declaration = declarationOf(path, name);
  const inherited = / extends .*\bBackendOptions\b/.test(declaration)
    ? optionsOf("../kernel/interface.ts", "BackendOptions")
    : [];
  return [...inherited, ...membersOf(declaration)];
}

function membersOf(declaration: string): [string, string][] {
  const members = declaration.matchAll(/\/\*\*([^]*?)\*\/\n {2}(\w+)\??[:(]/g);
  return Array.from(members, ([, doc, option]) => [option!, /@default \{([\d_* ]+)\}/.exec(doc!)?.[1] ?? ""]);
}

/** The number that a default of the page, or of a docstring, means. */
function numberOf(text: string): number {
  const [base, exponent = 1] = text.replaceAll(/[,_ ]/g, "").split(/\^|\*\*/).map(Number);
  return base! ** exponent;
}

/** The first two cells of the rows of a table, which stands below a line. */
function tableBelow(line: string): [string, string][] {
  const table = PAGE.slice(PAGE.indexOf(line)).match(/(?:^\|.*\n)+/m)![0];
  return Array.from(table.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm), ([, name, second]) => [name!, second!]);
}

Deno.test("docs/http.md: the tables have each option, with its default", () => {
  const tables = [
    {
      line: "Options of `planUpdate`",
      interfaces: ["ConnectionOptions", "UpdateOptions"],
      path: "client/update_options.ts",
    },
    { line: "Options of `syncHandler`", interfaces: ["SyncHandlerOptions"], path: "server/sync_handler.ts" },
  ];
  for (const { line, interfaces, path } of tables) {
    const options = interfaces.flatMap((name) => optionsOf(path, name));
    const rows = new Map(tableBelow(line));
    assert.deepEqual([...rows.keys()].sort(), options.map(([name]) => name).sort());
    for (const [name, text] of options) {
      if (text !== "") assert.equal(numberOf(rows.get(name)!), numberOf(text), name);
    }
  }
});

Deno.test("docs/http.md: the table has each code of HttpError", () => {
  const codes = Array.from(declarationOf("http_error.ts", "HttpErrorCode").matchAll(/\| "(\S+)"/g), ([, code]) => code);
  assert.deepEqual(tableBelow("### Codes of HttpError").map(([code]) => code), codes);
});
