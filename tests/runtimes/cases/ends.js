/** Ends that come early: cancel, abort, errors and signals reach both ends of a pipe with their reason. */
import { decodeDeltaStream, deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { concat, randomBytes } from "../../_recipes.ts";
import { assertEqual, rejection, settle, turn } from "./asserts.js";
import { BASIS, TARGET } from "./files.js";
import { QUICK, sourceOf } from "./streams.js";

/** Each stream in the middle of its work, by a source that never ends. */
async function stages(streams) {
  const sigs = await streams.sigs(BASIS, QUICK);
  const { bytes: delta } = await streams.delta(TARGET, sigs);
  const four = concat([TARGET, TARGET, TARGET, TARGET]);
  const small = { ...QUICK, blockLength: 64 };
  return {
    "sigStream()": { make: () => streams.check(sigStream(small)), input: four },
    "deltaStream()": { make: () => streams.check(deltaStream(sigs)), input: four },
    "patchStream()": { make: () => patchStream(BASIS), input: delta },
    "decodeDeltaStream()": { make: () => decodeDeltaStream(), input: delta },
  };
}

/** A source that gives what there is, then nothing, and never ends by itself. */
function endless(bytes) {
  const seen = {};
  let at = 0;
  let controller;
  const readable = new ReadableStream({
    start: (one) => void (controller = one),
    async pull() {
      await turn();
      if ("cancel" in seen) return;
      if (at < bytes.length) controller.enqueue(bytes.slice(at, at += 50_000));
      else await new Promise(() => {});
    },
    cancel: (reason) => void (seen.cancel = reason),
  }, { highWaterMark: 0 });
  return { readable, seen, fail: (reason) => controller.error(reason) };
}

async function writableReason(writable) {
  return await rejection(writable.getWriter().closed);
}

const ENDS = {
  async "cancel of the readable reaches the source with its reason"({ make, input }) {
    const { readable, seen } = endless(input);
    const pair = make();
    const reader = readable.pipeThrough(pair).getReader();
    assertEqual((await reader.read()).done, false, "done");
    const reason = { why: "enough" };
    await reader.cancel(reason);
    reader.releaseLock();
    await settle();
    assertEqual(seen.cancel, reason, "reason at the source");
    assertEqual(pair.writable.locked, false, "lock of the writable");
    assertEqual(await writableReason(pair.writable), reason, "reason of the writable");
    assertEqual(readable.locked, false, "lock of the source");
  },
  async "abort under backpressure reaches the readable with its reason"({ make, input }) {
    const { readable, writable } = make();
    const writer = writable.getWriter();
    // The write under way resolves: see "a signal on every pipe cancels the source".
    const first = writer.write(input);
    const writes = [rejection(writer.write(input)), rejection(writer.closed)];
    await settle();
    const reader = readable.getReader();
    assertEqual((await reader.read()).done, false, "done");
    const reason = { why: "the input is bad" };
    const ends = [...writes, rejection(reader.closed)];
    await writer.abort(reason);
    assertEqual(await first, undefined, "the write under way");
    for (const end of await Promise.all(ends)) assertEqual(end, reason, "reason");
    assertEqual(await rejection(reader.read()), reason, "reason of a read");
  },
  async "an error of the source reaches the sink with its reason"({ make, input }) {
    const { readable, fail } = endless(input);
    const reason = { why: "the disk failed" };
    let aborted;
    const sink = new WritableStream({ write: () => fail(reason), abort: (why) => void (aborted = why) });
    assertEqual(await rejection(readable.pipeThrough(make()).pipeTo(sink)), reason, "reason of the pipe");
    assertEqual(aborted, reason, "reason at the sink");
    assertEqual(sink.locked, false, "lock of the sink");
  },
  async "an AbortSignal reaches both ends with its reason"({ make, input }) {
    const { readable, seen } = endless(input);
    const controller = new AbortController();
    const reason = new DOMException("too slow", "TimeoutError");
    let aborted;
    const sink = new WritableStream({ write: () => controller.abort(reason), abort: (why) => void (aborted = why) });
    const piped = readable.pipeThrough(make()).pipeTo(sink, { signal: controller.signal });
    assertEqual(await rejection(piped), reason, "reason of the pipe");
    await settle();
    assertEqual(aborted, reason, "reason at the sink");
    assertEqual(seen.cancel, reason, "reason at the source");
  },
};

/** Aborts pipes with one signal on each of them, at various times: the source has to be cancelled each time. */
async function abortPipes(streams) {
  const basis = randomBytes(1, 300_000);
  const sigs = await loadSigs(sourceOf([basis]).pipeThrough(streams.check(sigStream())));
  let uncancelled = 0;
  for (let round = 0; round < 60; round++) {
    const controller = new AbortController();
    const { signal } = controller;
    let isCancelled = false;
    const source = new ReadableStream({
      pull: (sink) => sink.enqueue(randomBytes(2, 20_000)),
      cancel: () => void (isCancelled = true),
    });
    const slow = new WritableStream({ write: () => new Promise((resolve) => setTimeout(resolve, 5)) });
    const piped = source.pipeThrough(streams.check(deltaStream(sigs)), { signal }).pipeThrough(
      patchStream(basis),
      {
        signal,
      },
    )
      .pipeTo(slow, { signal });
    await new Promise((resolve) => setTimeout(resolve, round % 12));
    controller.abort(new Error("enough"));
    await piped.catch(() => {});
    for (let i = 0; i < 50 && !isCancelled; i++) await new Promise((resolve) => setTimeout(resolve, 1));
    if (!isCancelled) uncancelled++;
  }
  if (uncancelled > 0) throw new Error(`${uncancelled} of 60 sources were not cancelled`);
}

/** A case for each end of each stream, and one for pipes that a signal ends. */
export function* endCases(streams) {
  const group = "cancel and abort";
  for (const stream of ["sigStream()", "deltaStream()", "patchStream()", "decodeDeltaStream()"]) {
    for (const [end, run] of Object.entries(ENDS)) {
      yield { group, name: `${end}: ${stream}`, run: async () => await run((await stages(streams))[stream]) };
    }
  }
  yield { group, name: "a signal on every pipe cancels the source: 60 times", run: () => abortPipes(streams) };
}
