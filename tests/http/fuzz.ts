/** Requests to `syncHandler`, and answers to a client, of which some lie. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { RsyncError } from "rsync-streams";
import { fetchUpdate, HttpError } from "rsync-streams/http";
import { assertBytes, makeSig, SALT, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { type Bytes as HostBytes, hostOf, publish } from "./_memory_host.ts";
import { ORIGIN, Store } from "./_store.ts";
import { deltaOf } from "./_upload.ts";
import { type Bytes, damaged, damages, inTime, oddNumber, type Target } from "../fuzz/property.ts";

const OLD = randomBytes(1, 20_000);
const NEW = concat([OLD.subarray(0, 7_000), randomBytes(2, 500), OLD.subarray(7_300)]);

// ---- the handler

interface RequestInput {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What the body starts from, before it is damaged; none if undefined. */
  readonly body: "delta" | "sig" | "runs" | "random" | "empty" | undefined;
  readonly list: Parameters<typeof damaged>[1];
}

const BODIES = {
  delta: await deltaOf(OLD, NEW),
  sig: (await makeSig(NEW, { blockLength: 256, salt: SALT })).bytes,
  // Offset 5 and 10 bytes; 200 bytes on, 1,000 bytes.
  runs: Uint8Array.of(5, 10, 200, 1, 232, 7),
  random: randomBytes(9, 300),
  empty: new Uint8Array(0),
};

const range = fc.oneof(
  fc.tuple(oddNumber, oddNumber).map(([a, b]) => `bytes=${a}-${b}`),
  fc.array(fc.tuple(fc.nat(21_000), fc.nat(900)), { minLength: 1, maxLength: 5 })
    .map((runs) => `bytes=${runs.map(([from, length]) => `${from}-${from + length}`).join(", ")}`),
  oddNumber.map((n) => `bytes=-${n}`),
  oddNumber.map((n) => `bytes=${n}-`),
  fc.constantFrom("bytes=", "bytes=a-b", "lines=1-2", "bytes=5-1", "bytes=0-0,-1", "bytes=1-2,,3-4"),
);

const tag = fc.constantFrom('"v1"', '"v2"', 'W/"v1"', "*", '"v1", "v2"', "v1", '"', "");
const date = fc.constantFrom("Thu, 29 Feb 2024 12:30:15 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "yesterday");

const header = fc.oneof(
  fc.tuple(fc.constant("Range"), range),
  fc.tuple(fc.constantFrom("If-Match", "If-None-Match", "If-Range"), fc.oneof(tag, date)),
  fc.tuple(fc.constantFrom("If-Modified-Since", "If-Unmodified-Since"), date),
  fc.tuple(
    fc.constant("Content-Type"),
    fc.constantFrom(
      "application/vnd.rsync-streams.delta",
      "application/vnd.rsync-streams.sig",
      "application/vnd.rsync-streams.runs",
      "Application/VND.rsync-streams.Sig; q=1",
      "text/plain",
      ";",
    ),
  ),
  fc.tuple(
    fc.constantFrom("Accept-Encoding", "Content-Encoding"),
    fc.constantFrom("gzip", "br", "zstd", "identity", "gzip, br;q=0.5", "*;q=0", "identity;q=0", "deflate", ";;q=", ""),
  ),
  fc.tuple(
    fc.constantFrom("Origin", "Access-Control-Request-Method", "Accept"),
    fc.constantFrom("null", "PATCH", "*/*"),
  ),
) as fc.Arbitrary<[string, string]>;

const METHODS = ["GET", "HEAD", "QUERY", "POST", "PATCH", "OPTIONS", "PUT", "DELETE"];

const request: fc.Arbitrary<RequestInput> = fc.record({
  method: fc.constantFrom(...METHODS, "QUERY", "PATCH", "GET"),
  path: fc.constantFrom("/f", "/f", "/f.rsig", "/f.rsig-long", "/gone", "/.rsig", "/f.rsig.rsig", "/%00", "/f?q"),
  headers: fc.array(header, { maxLength: 5 }),
  body: fc.constantFrom("delta", "sig", "runs", "random", "empty", undefined),
  list: damages,
});

const TYPES: Readonly<Record<string, string>> = { delta: "delta", sig: "sig", runs: "runs" };

function requestOf({ method, path, headers, body, list }: RequestInput): Request {
  const all = new Headers();
  // The type that goes with the body, unless another is named: else most bodies would not be looked at.
  if (body && TYPES[body]) all.set("Content-Type", `application/vnd.rsync-streams.${TYPES[body]}`);
  for (const [name, value] of headers) all.set(name, value);
  const hasBody = body !== undefined && method !== "GET" && method !== "HEAD";
  const init = { method, headers: all, ...(hasBody && { body: damaged(BODIES[body], list) }) };
  return new Request(`${ORIGIN}${path}`, init);
}

/** Statuses that an answer may have. */
const STATUSES = new Set([200, 201, 204, 206, 304, 400, 404, 405, 406, 409, 411, 412, 413, 415, 416, 422, 428, 501]);

export const handlers: Target<RequestInput> = {
  name: "requests",
  inputs: request,
  async check(input) {
    const store = new Store({ "/f": OLD });
    const handle = store.writer({ maxOutputLength: 100_000, maxInputLength: 200_000, secret: "s" });
    const answer = await inTime(handle(requestOf(input)));
    const { status, headers } = answer;
    assert.ok(STATUSES.has(status), `${status} was answered`);
    const bytes: Bytes = await inTime(toBytes(answer.body ?? new ReadableStream({ start: (c) => c.close() })));
    const length = headers.get("Content-Length");
    if (length !== null && input.method !== "HEAD" && status !== 304) assert.equal(bytes.length, Number(length));
    store.assertClosed();
    const isWhole = input.method === "GET" && status === 200 && input.path.startsWith("/f") &&
      !input.path.includes("rsig") && !headers.has("Content-Encoding");
    if (isWhole) assertBytes(bytes, OLD, "file");
    const part = /^bytes (\d+)-(\d+)\/20000$/.exec(headers.get("Content-Range") ?? "");
    if (status === 206 && part && !input.path.includes("rsig")) {
      assertBytes(bytes, OLD.subarray(Number(part[1]), Number(part[2]) + 1), "range");
    }
    const { bytes: now } = store.files.get("/f")!;
    if (now !== OLD) {
      assert.ok(input.method === "PATCH" && status < 300, `${input.method} was answered by ${status}`);
      assertBytes(now, NEW, "uploaded file");
    }
  },
};

// ---- the client

type Lie = { readonly kind: string; readonly value: number };

interface AnswersInput {
  /** What becomes of the first answers, in their order; the others are good. */
  readonly lies: readonly Lie[];
  readonly hasSig: boolean;
}

const KINDS = [
  "good",
  "status",
  "cut",
  "flip",
  "more",
  "network",
  "whole",
  "other range",
  "no range",
  "empty",
  "break",
];

const answers: fc.Arbitrary<AnswersInput> = fc.record({
  lies: fc.array(fc.record({ kind: fc.constantFrom(...KINDS), value: fc.nat(5_000) }), { maxLength: 5 }),
  hasSig: fc.boolean().map((has) => has),
});

const FILES = { "/f": NEW, "/f.rsig": await publish(NEW, { salt: SALT }) };
const STATUS = [200, 204, 206, 304, 400, 401, 403, 404, 410, 416, 429, 500, 503];

/** An answer that lies, in place of a good one. */
function lieTo(
  { kind, value }: Lie,
  body: HostBytes,
  offset: number,
  whole: HostBytes,
): Response | HostBytes | undefined {
  const at = body.length === 0 ? 0 : value % body.length;
  const range = (from: number, length: number) => ({
    "Content-Range": `bytes ${from}-${from + length - 1}/${whole.length}`,
  });
  switch (kind) {
    case "status": {
      const status = STATUS[value % STATUS.length]!;
      return new Response(status === 204 || status === 304 ? null : "no", { status });
    }
    case "cut":
      return body.slice(0, at);
    case "flip": {
      const wrong = body.slice();
      if (wrong.length > 0) wrong[at]! ^= 1 << value % 8;
      return wrong;
    }
    case "more":
      return concat([body, randomBytes(value + 1, value)]);
    case "network":
      throw new TypeError("the connection broke off");
    case "whole":
      return new Response(whole, { status: 200 });
    case "other range":
      return new Response(body, { status: 206, headers: range(offset + 1 + value % 9, body.length) });
    case "no range":
      return new Response(body, { status: 206 });
    case "empty":
      return new Uint8Array(0);
    case "break":
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(body.slice(0, at)),
          pull: (controller) => controller.error(new TypeError("the connection broke off")),
        }),
        { status: 206, headers: range(offset, body.length) },
      );
    default:
      return undefined;
  }
}

export const clients: Target<AnswersInput> = {
  name: "answers",
  inputs: answers,
  width: 50,
  async check({ lies, hasSig }) {
    const files: Record<string, Bytes> = hasSig ? FILES : { "/f": NEW };
    let count = 0;
    const { fetch, asked } = hostOf(files, ({ path }, body, offset) => {
      const lie = lies[count++];
      return lie && body ? lieTo(lie, body, offset, files[path]!) : undefined;
    });
    try {
      const { readable, stats } = await inTime(fetchUpdate(`${ORIGIN}/f`, OLD, { fetch, timeoutMs: 5_000 }), 600);
      const bytes: Bytes = await inTime(toBytes(readable), 600);
      if (stats.isVerified) assertBytes(bytes, NEW, "verified file");
      // Without a signature nothing says which bytes are right. Those that are kept were on the way.
      else assert.ok(!hasSig || lies.length > 0, "a file with a signature was not verified");
    } catch (error) {
      if (!(error instanceof HttpError || error instanceof RsyncError)) throw error;
      assert.ok(lies.length > 0, `an honest host was refused: ${error.message}`);
    }
    assert.ok(asked.length <= 40, `${asked.length} requests were made`);
  },
};
