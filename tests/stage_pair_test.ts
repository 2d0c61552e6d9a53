/** A pair of streams around a stage that is played: what the stage is asked, and what each end is told. */
import assert from "node:assert/strict";
import { BUSY, DONE, type SourceResult, type Stage } from "../src/engine/stage.ts";
import { type StageHooks, stagePair } from "../src/streams/stage_pair.ts";
import { givesWay } from "./_clock.ts";

const REASON = { reason: "a test" };
/** Lets everything run that is ready, also what gives way to others first. */
async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Gives what it is told to, and notes what it is asked. */
class Played implements Stage<string, string> {
  readonly calls: string[] = [];
  readonly #results: (SourceResult<string> | Promise<SourceResult<string>>)[];

  constructor(...results: (SourceResult<string> | Promise<SourceResult<string>>)[]) {
    this.#results = results;
  }

  write(chunk: string): void {
    this.calls.push(`write ${chunk}`);
  }

  end(): void {
    this.calls.push("end");
  }

  next(): SourceResult<string> | Promise<SourceResult<string>> {
    this.calls.push("next");
    return this.#results.shift();
  }

  release(): void {
    this.calls.push("release");
  }
}

function open(stage: Played, hooks: StageHooks<string> = {}) {
  const { readable, writable } = stagePair<string, string>(stage, {}, hooks);
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  const ends: unknown[] = [];
  const note = (end: string, promise: Promise<unknown>) => {
    promise.then(() => ends.push(`${end} closed`), (error) => ends.push([end, error]));
  };
  note("readable", reader.closed);
  note("writable", writer.closed);
  return { reader, writer, ends };
}

/** Notes when a promise is done, and how. */
function noted(promise: Promise<unknown>): { outcome: unknown } {
  const state: { outcome: unknown } = { outcome: "waits" };
  promise.then((value) => state.outcome = value ?? "done", (error) => state.outcome = error);
  return state;
}

Deno.test("a stage is asked when it is read, and a write is done when it is used up", async () => {
  const stage = new Played("a", BUSY, "b", undefined, DONE);
  const { reader, writer, ends } = open(stage);
  const write = noted(writer.write("in"));
  await settle();
  assert.deepEqual([stage.calls, write.outcome], [[], "waits"], "nothing is done before it is asked for");
  assert.deepEqual(await reader.read(), { done: false, value: "a" });
  await settle();
  assert.deepEqual(stage.calls, ["write in", "next"]);
  assert.deepEqual(await reader.read(), { done: false, value: "b" });
  assert.equal(write.outcome, "waits");
  const last = noted(reader.read());
  await settle();
  assert.deepEqual([write.outcome, last.outcome], ["done", "waits"]);
  assert.deepEqual(stage.calls, ["write in", "next", "next", "next", "next"]);
  const close = noted(writer.close());
  await settle();
  assert.deepEqual(stage.calls.slice(5), ["end", "next", "release"]);
  assert.deepEqual([close.outcome, last.outcome], ["done", { done: true, value: undefined }]);
  assert.deepEqual(ends.sort(), ["readable closed", "writable closed"]);
});

Deno.test("a stage may answer later, and is not asked again before", async () => {
  let answer!: (result: string) => void;
  const stage = new Played(new Promise<string>((resolve) => answer = resolve), DONE);
  const { reader, writer } = open(stage);
  const write = noted(writer.write("in"));
  const read = noted(reader.read());
  await settle();
  assert.deepEqual([stage.calls, read.outcome], [["write in", "next"], "waits"]);
  answer("late");
  await settle();
  assert.deepEqual(read.outcome, { done: false, value: "late" });
  assert.equal(write.outcome, "waits");
  await reader.cancel();
});

/** What happens early to a pair, and how each side ends: what the reads and the writes under way are told. */
const EARLY: Record<string, (pair: ReturnType<typeof open>) => Promise<unknown>> = {
  cancel: ({ reader }) => reader.cancel(REASON),
  abort: ({ writer }) => writer.abort(REASON),
};

for (const [name, end] of Object.entries(EARLY)) {
  Deno.test(`${name} ends both ends with its reason while a write waits, and releases the stage once`, async () => {
    const stage = new Played("a");
    const pair = open(stage);
    const write = noted(pair.writer.write("in"));
    await pair.reader.read();
    await end(pair);
    await settle();
    assert.equal(write.outcome, "done", "what is under way is resolved");
    assert.deepEqual(stage.calls, ["write in", "next", "release"]);
    const told = name === "cancel"
      ? ["readable closed", ["writable", REASON]]
      : [["readable", REASON], ["writable", REASON]];
    assert.deepEqual(pair.ends.sort(), told);
    assert.equal(await pair.writer.write("more").catch((error) => error), REASON);
  });

  Deno.test(`${name} ends both ends with its reason while a read waits for input`, async () => {
    const stage = new Played(undefined);
    const pair = open(stage);
    await Promise.all([pair.writer.write("in"), noted(pair.reader.read()), settle()]);
    const read = noted(pair.reader.closed);
    await end(pair);
    await settle();
    assert.deepEqual(stage.calls, ["write in", "next", "release"]);
    assert.equal(read.outcome, name === "cancel" ? "done" : REASON);
  });

  Deno.test(`${name} ends both ends with its reason while the stage works`, async () => {
    let answer!: (result: string) => void;
    const stage = new Played(new Promise<string>((resolve) => answer = resolve));
    const pair = open(stage);
    const write = noted(pair.writer.write("in"));
    const read = noted(pair.reader.read());
    await settle();
    const ended = end(pair);
    await settle();
    assert.deepEqual(stage.calls, ["write in", "next", "release"], "it is released at once");
    answer("too late");
    await Promise.all([ended, settle()]);
    assert.deepEqual(stage.calls, ["write in", "next", "release"]);
    assert.equal(write.outcome, "done");
    assert.deepEqual(read.outcome, name === "cancel" ? { done: true, value: undefined } : REASON);
  });

  Deno.test(`${name} rejects a close that waits`, async () => {
    const stage = new Played();
    const pair = open(stage);
    const close = noted(pair.writer.close());
    await settle();
    await end(pair).catch(() => {});
    await settle();
    assert.equal(close.outcome, REASON);
    assert.deepEqual(stage.calls, ["release"]);
  });
}

const fail = () => {
  throw REASON;
};
const FAILING: Record<string, () => [Played, StageHooks<string>]> = {
  "a stage throws": () => [Object.assign(new Played(), { next: fail }), {}],
  "a stage rejects": () => [Object.assign(new Played(), { next: () => Promise.reject(REASON) }), {}],
  "a stage refuses its input": () => [Object.assign(new Played(), { write: fail }), {}],
  "the conversion throws": () => [new Played("a"), { convert: fail }],
  "a step throws": () => [new Played("a"), { onStep: fail }],
  "the end throws": () => [new Played(DONE), { onEnd: fail }],
};

for (const [name, make] of Object.entries(FAILING)) {
  Deno.test(`both ends, and what is under way, get the same object if ${name}`, async () => {
    const [stage, hooks] = make();
    const { reader, writer, ends } = open(stage, hooks);
    const write = noted(writer.write("in"));
    const read = noted(reader.read());
    await settle();
    assert.deepEqual([write.outcome, read.outcome], [REASON, REASON]);
    assert.deepEqual(ends.sort(), [["readable", REASON], ["writable", REASON]]);
    assert.equal(stage.calls.filter((call) => call === "release").length, 1);
  });
}

Deno.test("hooks are called after each piece of work, and once at the end, before the readable closes", async () => {
  const events: string[] = [];
  const stage = new Played("a", BUSY, undefined, "b", DONE);
  const { reader, writer } = open(stage, {
    convert: (chunk) => `converted ${chunk}`,
    onStep: () => void events.push("step"),
    onEnd: () => void events.push(`end, released ${stage.calls.includes("release")}`),
  });
  reader.closed.then(() => events.push("closed"));
  writer.write("in").then(() => writer.close()).catch(() => {});
  const chunks: unknown[] = [];
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
  await settle();
  assert.deepEqual(chunks, ["a", "b"]);
  assert.deepEqual(stage.calls, ["write converted in", "next", "next", "next", "end", "next", "next", "release"]);
  assert.deepEqual(events, ["step", "step", "step", "step", "end, released false", "closed"]);
});

Deno.test("a pair lets other tasks run while its stage works, and between items", async () => {
  for (const results of [Array(50).fill(BUSY), Array(50).fill("a")]) {
    const { reader, writer } = open(new Played(...results, DONE));
    writer.write("in").catch(() => {});
    assert.ok(
      await givesWay(async () => {
        for (let read = await reader.read(); !read.done; read = await reader.read());
      }),
    );
  }
});

Deno.test("a pair that was cancelled while it gave way does not ask its stage", async () => {
  const stage = new Played("a");
  const { reader, writer } = open(stage);
  await givesWay(async () => {
    writer.write("in").catch(() => {});
    const read = reader.read();
    await Promise.resolve();
    await reader.cancel(REASON);
    await read;
  });
  await settle();
  assert.deepEqual(stage.calls, ["release"]);
});

Deno.test("a write after the streams are over is nobody's, and one after the last item does not hang", async () => {
  const stage = new Played("a", DONE);
  const { reader, writer, ends } = open(stage);
  const write = noted(writer.write("in"));
  await reader.read();
  assert.deepEqual(await reader.read(), { done: true, value: undefined });
  await settle();
  assert.equal(write.outcome, "done");
  assert.deepEqual(stage.calls, ["write in", "next", "next", "release"]);
  assert.equal(noted(writer.write("more")).outcome, "waits");
  await writer.close();
  await settle();
  assert.deepEqual(ends.sort(), ["readable closed", "writable closed"]);
});

Deno.test("a strategy that has no size for a chunk ends both ends, and the stage", async () => {
  const sizes: [() => number, unknown][] = [
    [() => {
      throw REASON;
    }, REASON],
    [() => NaN, "RangeError"],
    [() => -1, "RangeError"],
    [() => Infinity, "RangeError"],
    [() => 1n as unknown as number, "TypeError"],
  ];
  for (const [wrong, expected] of sizes) {
    const stage = new Played("a");
    let count = 0;
    const writableStrategy = { highWaterMark: 9, size: () => ++count === 1 ? 1 : wrong() };
    const { readable, writable } = stagePair<string, string>(stage, { writableStrategy });
    const [reader, writer] = [readable.getReader(), writable.getWriter()];
    const write = noted(writer.write("one"));
    assert.equal((await reader.read()).value, "a");
    const states = [write, noted(writer.write("two")), noted(reader.read()), noted(writer.closed)];
    await settle();
    const [{ outcome }] = states as [{ outcome: Error }];
    assert.equal(outcome === expected ? expected : outcome.name, expected);
    for (const state of states) assert.equal(state.outcome, outcome);
    assert.deepEqual(stage.calls, ["write one", "next", "release"]);
  }
});
