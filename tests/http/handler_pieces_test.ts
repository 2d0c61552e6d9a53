/** What a handler makes of single headers and bodies, and its limits. */
import assert from "node:assert/strict";
import { syncHandler } from "rsync-streams/http";
import { givesWay } from "../_clock.ts";
import { assertBytes, makeDelta, makeSigs } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { timersDuring } from "./_pauses.ts";
import { encodeRuns } from "./_runs.ts";
import { assertProblem, bytesOf, get, MODIFIED_MS, send, Store } from "./_store.ts";

const FILE = randomBytes(1, 1000);
const RUNS = { "Content-Type": "application/vnd.rsync-streams.runs" };
const SIG = { "Content-Type": "application/vnd.rsync-streams.sig" };
const DELTA = { "Content-Type": "application/vnd.rsync-streams.delta", "If-Match": '"v1"' };

Deno.test("bytes of an upload that are wrong have a status by what is wrong", async () => {
  const basis = randomBytes(7, 5000);
  const { bytes: delta } = await makeDelta(concat([basis, FILE]), await makeSigs(basis));
  const short = (await makeDelta(FILE.subarray(0, 1), await makeSigs(basis))).bytes;
  const answer = async (body: Uint8Array<ArrayBuffer>, file = basis) => {
    const response = await new Store({ "/f": file }).writer({ maxOutputLength: 6000 })(
      send("PATCH", "/f", body, DELTA),
    );
    if (response.status === 204) return [204];
    const { status, code } = await response.json();
    assert.equal(response.status, status);
    return [status, code];
  };
  const changed = (bytes: Uint8Array<ArrayBuffer>, at: number, byte: number) => {
    const copy = bytes.slice();
    copy[at] = byte;
    return copy;
  };
  assert.deepEqual(await answer(delta), [204]);
  assert.deepEqual(await answer(changed(delta, 0, 0)), [400, "bad-magic"]);
  assert.deepEqual(await answer(changed(delta, 4, 99)), [400, "unsupported"]);
  assert.deepEqual(await answer(delta.slice(0, -1)), [400, "truncated"]);
  assert.deepEqual(await answer(concat([delta, Uint8Array.of(0)])), [400, "trailing-data"]);
  const long = await makeDelta(randomBytes(8, 6001), await makeSigs(basis));
  assert.deepEqual(await answer(long.bytes), [413, "limit"]);
  assert.deepEqual(await answer(delta, basis.subarray(0, 100)), [422, "copy-out-of-range"]);
  assert.deepEqual(await answer(changed(delta, delta.length - 1, delta.at(-1)! ^ 1)), [422, "digest-mismatch"]);
  // A copy of no bytes, in place of a byte of data.
  assert.deepEqual(await answer(changed(short, 8, 1)), [400, "unknown-command"]);
});

/** The ranges of an answer. Undefined: the whole file. None: none can be satisfied. */
async function ranges(value: string, path = "/f"): Promise<[number, number][] | undefined> {
  const response = await new Store({ "/f": FILE, "/empty": new Uint8Array(0) }).reader()(get(path, { Range: value }));
  const text = new TextDecoder("latin1").decode(await bytesOf(response));
  if (response.status === 200) return undefined;
  if (response.status === 416) return [];
  assert.equal(response.status, 206);
  const told = `Content-Range: ${response.headers.get("Content-Range")}\r\n${text}`;
  return [...told.matchAll(/Content-Range: bytes (\d+)-(\d+)\/1000\r\n/g)].map(([, first, last]) => {
    return [Number(first), Number(last) - Number(first) + 1];
  });
}

Deno.test("ranges are cut at the end of the file, joined where they touch, and bounded in number", async () => {
  const understood: [string, [number, number][]][] = [
    ["0-0", [[0, 1]]],
    ["998-2000, -1000, -2000", [[0, 1000]]],
    ["-1", [[999, 1]]],
    ["999-, 1000-, -0", [[999, 1]]],
    ["1000-, -0", []],
    ["5-5,3-3", [[5, 1], [3, 1]]],
    ["5-5,4-4", [[4, 2]]],
    ["10-19,12-14,30-39", [[10, 10], [30, 10]]],
    ["10-19,20-29,31-31", [[10, 20], [31, 1]]],
  ];
  for (const [value, expected] of understood) assert.deepEqual(await ranges(`bytes=${value}`), expected, value);
  for (const value of ["bytes=-", "bytes=", "bytes=1", "bytes=5-4", "bytes=0-1,5-4", "bits=0-1"]) {
    assert.equal(await ranges(value), undefined, value);
  }
  const empty = ["bytes=0-", "bytes=-1", "bytes=-0"].map((value) => ranges(value, "/empty"));
  assert.deepEqual(await Promise.all(empty), [[], undefined, []]);

  const many = (count: number) => Array.from({ length: count }, (_, i) => `${3 * i}-${3 * i}`);
  assert.equal((await ranges(`bytes=${many(256)}`))!.length, 256);
  assert.equal(await ranges(`bytes=${many(257)}`), undefined);
  // In another order, or with some that touch.
  assert.equal((await ranges(`bytes=${many(16).reverse()}`))!.length, 16);
  assert.equal(await ranges(`bytes=${many(17).reverse()}`), undefined);
  assert.equal((await ranges(`bytes=${[...many(15), "43-44"]}`))!.length, 15);
  assert.equal(await ranges(`bytes=${[...many(16), "46-47"]}`), undefined);
});

Deno.test("the coding with the highest weight is chosen, and of those the best", async () => {
  const choices: [string | null, string | undefined][] = [
    [null, "identity"],
    ["", "identity"],
    ["gzip, br", "br"],
    ["br;q=0.5, gzip", "gzip"],
    ["gzip;q=0.001", "gzip"],
    ["gzip;q=0", "identity"],
    ["gzip;q=1.001, br;q=-1, zstd;q=x", "identity"],
    ["gzip;q=1, br;q=1.0", "br"],
    ["X-GZIP ; Q=0.5", "gzip"],
    ["*", "br"],
    ["*, br;q=0", "zstd"],
    ["*;q=0.5, gzip", "gzip"],
    ["*;q=0", undefined],
    ["*;q=0, identity", "identity"],
    ["identity;q=0", undefined],
    ["identity;q=0, gzip;q=0.1", "gzip"],
    ["identity, gzip;q=0.9", "identity"],
    ["identity;q=0.5, gzip;q=0.5", "gzip"],
    ["deflate", "identity"],
    [",, ,gzip;a=b", "gzip"],
  ];
  const handler = new Store({ "/f": FILE }).reader();
  const body = encodeRuns([{ offset: 0, length: 100 }]);
  for (const [value, choice] of choices) {
    const headers: Record<string, string> = value === null ? RUNS : { ...RUNS, "Accept-Encoding": value };
    const response = await handler(send("QUERY", "/f", body, headers));
    if (choice === undefined) {
      await assertProblem(response, 406);
    } else {
      await bytesOf(response);
      assert.equal(response.headers.get("Content-Encoding") ?? "identity", choice, `${value}`);
    }
  }
});

Deno.test("a body of 32 bytes is encoded, and a shorter one is not", async () => {
  const handler = new Store({ "/f": FILE }).reader();
  for (const [length, coding] of [[31, null], [32, "gzip"]] as const) {
    const headers = { ...RUNS, "Accept-Encoding": "gzip" };
    const response = await handler(send("QUERY", "/f", encodeRuns([{ offset: 0, length }]), headers));
    assert.deepEqual([response.status, response.headers.get("Content-Encoding")], [200, coding]);
    await bytesOf(response);
  }
});

Deno.test("a date counts from a second after it, and none of the future is told", async () => {
  const { now } = Date;
  const handler = new Store({ "/f": FILE }).reader();
  const headers = { "Range": "bytes=0-1", "If-Range": new Date(MODIFIED_MS).toUTCString() };
  try {
    for (
      const [ms, isTold, status] of [[-1, false, 200], [0, true, 200], [999, true, 200], [1000, true, 206]] as const
    ) {
      Date.now = () => MODIFIED_MS + ms;
      const response = await handler(get("/f", headers));
      await bytesOf(response);
      assert.deepEqual([response.headers.has("Last-Modified"), response.status], [isTold, status], `${ms} ms`);
    }
  } finally {
    Date.now = now;
  }
});

const LONG = randomBytes(3, 2 ** 20);
/** Of more than one piece, so that its turn lasts until it is read. */
const LONG_RUN = encodeRuns([{ offset: 0, length: 2 ** 18 + 1 }]);

/** Lets what is under way go on until it waits. */
async function goOn(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

for (const [timeoutMs, wait] of [[undefined, 10_000], [70, 70]] as const) {
  Deno.test(`requests wait ${wait} ms for their turn if timeoutMs is ${timeoutMs}, or until they go`, async () => {
    const store = new Store({ "/f": LONG });
    const handler = store.reader({ maxRequests: 2, timeoutMs });
    const ask = (signal?: AbortSignal) => handler(send("QUERY", "/f", LONG_RUN, RUNS, signal));
    const gone = new AbortController();
    const timers = await timersDuring(async () => {
      const first = [await ask(), await ask()];
      const waiting = Array.from({ length: 32 }, (_, i) => ask(i === 0 ? gone.signal : undefined));
      await goOn();
      const busy = await ask();
      assert.equal(busy.headers.get("Retry-After"), "5");
      await assertProblem(busy, 503);
      gone.abort();
      assert.equal((await waiting[0]!).status, 500);
      // One more may wait then, and each that ends lets one in.
      waiting.push(ask());
      let entered = 0;
      const turns = waiting.slice(1).map((turn) => turn.finally(() => entered++));
      for (const answer of first) await answer.body!.cancel();
      await goOn();
      assert.equal(entered, 2);
      for (const turn of turns) await (await turn).body!.cancel();
    });
    // Requests and readers have timers too.
    const other = timeoutMs ?? 300_000;
    assert.ok(timers.every((ms) => ms === wait || ms === other), `${new Set(timers)}`);
    if (wait !== other) assert.equal(timers.filter((ms) => ms === wait).length, 33);
    store.assertClosed();
  });
}

Deno.test("bytes of runs come in pieces of 256 KiB that share no buffer, and others have their turn", async () => {
  const runs = [[5, 2 ** 18 - 3], [2 ** 19, 4], [2 ** 19 + 9, 2 ** 18]].map(([offset, length]) => ({
    offset: offset!,
    length: length!,
  }));
  const response = await new Store({ "/f": LONG }).reader()(send("QUERY", "/f", encodeRuns(runs), RUNS));
  const pieces = await Array.fromAsync(response.body!);
  assert.deepEqual(pieces.map(({ length, buffer }) => [length, buffer.byteLength]), [
    [2 ** 18, 2 ** 18],
    [2 ** 18, 2 ** 18],
    [1, 1],
  ]);
  assert.equal(new Set(pieces.map(({ buffer }) => buffer)).size, 3);
  assertBytes(concat(pieces), concat(runs.map(({ offset, length }) => LONG.subarray(offset, offset + length))));
  const handler = syncHandler({ open: () => ({ basis: LONG, size: LONG.length, entityTag: '"1"' }) });
  const { body } = await handler(get("/f"));
  assert.ok(await givesWay(() => Array.fromAsync(body!)));
});

Deno.test("a handler has the limits that its options name", async () => {
  const store = new Store({ "/f": LONG });
  const upload = (length: number) => {
    return store.writer()(send("PATCH", "/f", new Uint8Array(1), { ...DELTA, "Content-Length": `${length}` }));
  };
  assert.deepEqual([(await upload(2 ** 33)).status, (await upload(2 ** 33 + 1)).status], [400, 413]);
  const timers = await timersDuring(async () => {
    const handler = store.reader();
    const ask = () => handler(send("QUERY", "/f", LONG_RUN, RUNS));
    const answers = await Promise.all(Array.from({ length: 32 }, ask));
    const late = ask();
    await goOn();
    for (const answer of answers) await answer.body!.cancel();
    await (await late).body!.cancel();
  });
  assert.equal(timers.filter((ms) => ms === 10_000).length, 1);
  assert.ok(timers.every((ms) => ms === 10_000 || ms === 300_000));
  for (const options of [{ maxRequests: 1 }, { timeoutMs: 1 }, { timeoutMs: 2 ** 31 - 1 }]) store.reader(options);
  store.assertClosed();
});

Deno.test("a query has 1 MiB of runs at most, and 16 MiB of a signature", async () => {
  const handler = new Store({ "/f": FILE }).reader();
  for (const [type, most] of [[RUNS, 2 ** 20], [SIG, 2 ** 24]] as const) {
    for (const [length, status] of [[most, 400], [most + 1, 413]] as const) {
      const headers = { ...type, "Content-Length": `${length}` };
      const response = await handler(send("QUERY", "/f", Uint8Array.of(0x80), headers));
      await response.body?.cancel();
      assert.equal(response.status, status, `${length} bytes`);
    }
  }
});
