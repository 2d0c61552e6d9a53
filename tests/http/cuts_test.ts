/** A connection that is cut at each byte of a small update: once, and whenever a body is longer than that. */
import assert from "node:assert/strict";
import { checkOutcome, checkRequests, updateFrom } from "./_conformance.ts";
import { type Expected, fileOr, quirky, siteOf, THE_FILE } from "./_hosts/case.ts";
import { answerWell } from "./_hosts/good_host.ts";
import type { Behaviour } from "./_hosts/host.ts";
import { published } from "./_hosts/published.ts";
import { serve } from "./_hosts/serve.ts";

const isSlow = Deno.env.get("RSYNC_STREAMS_SLOW") === "1";
/** Tests that are not slow try some of the offsets. */
const STEP = isSlow ? 1 : 97;
/** Updates that run at once: each waits before it tries again. */
const WIDTH = 120;

/** Calls `work` for all items, some at once. */
async function forEach<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

function* offsets(end: number): Generator<number> {
  for (let at = 0; at < end; at += STEP) yield at;
}

/** A host that cuts the body in which byte `at` of all bodies stands, once or always before that byte. */
async function cutting(at: number, isOnce: boolean): Promise<Behaviour> {
  const update = await published("small");
  let sent = 0;
  let isCut = false;
  return {
    ...quirky(siteOf(update), (visit, version) => {
      const answer = answerWell(version, visit);
      if (!isOnce) return { ...answer, wire: { cutAt: at } };
      const cutAt = at - sent;
      sent += answer.body.length;
      if (isCut || cutAt >= answer.body.length) return answer;
      isCut = true;
      return { ...answer, wire: { cutAt } };
    }),
    isRaw: true,
  };
}

async function updateThrough(behaviour: Behaviour, expected: Expected, what: string): Promise<void> {
  const { basis, file } = await published("small");
  await using host = await serve(behaviour);
  try {
    checkOutcome(await updateFrom(host, basis), [file.bytes], expected);
    checkRequests(host, expected.requests);
  } catch (error) {
    throw new Error(what, { cause: error });
  }
}

/** Bytes of all bodies of an update that nobody cuts. */
async function lengthOfUpdate(): Promise<number> {
  const { basis, file, ...others } = await published("small");
  await using host = await serve({ ...quirky(siteOf({ file, ...others }), () => undefined), isRaw: true });
  const { bytes, error } = await updateFrom(host, basis);
  assert.equal(bytes?.length, file.bytes.length, String(error));
  return host.log.bytes;
}

Deno.test("an update whose connection is cut once ends in the file, wherever it is cut", async () => {
  const length = await lengthOfUpdate();
  const { file } = await published("small");
  assert.ok(length < file.bytes.length / 2, `${length} bytes are no small update`);
  await forEach(offsets(length), async (at) => {
    await updateThrough(await cutting(at, true), THE_FILE, `cut at ${at}`);
  });
});

Deno.test("an update whose bodies are all cut at an offset ends in the file or in an error", async () => {
  const { sig } = await published("small");
  await forEach(offsets(isSlow ? sig.bytes.length : 2200), async (at) => {
    await updateThrough(await cutting(at, false), fileOr("network", "truncated"), `cut at ${at}`);
  });
});
