/**
 * The cases that have to pass in each runtime: plain JavaScript that needs nothing but the platform. There are runners
 * for Node, Bun, Deno, a browser and workerd. A runner calls `runCases` and passes on its result.
 */
import {
  decodeDeltaStream,
  deltaStream,
  encodeDeltaStream,
  loadSigs,
  patchStream,
  RsyncError,
  sigStream,
} from "rsync-streams";
import { readFromReadable, Rsync } from "rsync-streams/callbacks";
import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";
import { fromBase64, sha256 } from "../_bytes.ts";
import { edited, generate } from "../_librsync_recipes.ts";
import { concat, make, randomBytes } from "../_recipes.ts";
import librsync from "../vectors/librsync.json" with { type: "json" };
import malformed from "../vectors/librsync_malformed.json" with { type: "json" };
import luapower from "../vectors/luapower.json" with { type: "json" };
import own from "../vectors/rsync_streams.json" with { type: "json" };

const KIB = 2 ** 10;
const MIB = 2 ** 20;
/** Bytes of the longest chunk that a patch gives. */
const PATCH_CHUNK = 1024 * KIB;
/** Vectors with longer files are left to the tests of the sources. */
const MAX_VECTOR_LENGTH = 70_000;

// ---- helpers

function assert(holds, message) {
  if (!holds) throw new Error(message);
}

function assertEqual(actual, expected, what) {
  assert(Object.is(actual, expected), `${what} is ${String(actual)}, expected was ${String(expected)}`);
}

function assertBytes(actual, expected, what) {
  assertEqual(actual.length, expected.length, `length of ${what}`);
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  assert(at < 0, `${what} differs at byte ${at}`);
}

/** Waits for the next turn of timers. */
async function turn() {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Lets everything run that can run without a read or a write more: what has gone on after 20 turns shows. */
async function settle() {
  for (let i = 0; i < 20; i++) await turn();
}

/** What a promise is rejected with; it has to be, and soon. */
async function rejection(promise) {
  let timer;
  const late = new Promise((resolve) => timer = setTimeout(resolve, 5000, { why: "nothing happened for 5 s" }));
  const ended = promise.then(() => ({ why: "it ended well" }), (reason) => ({ reason }));
  const { reason, why } = await Promise.race([ended, late]);
  clearTimeout(timer);
  assert(why === undefined, `A failure was expected, and ${why}`);
  return reason;
}

/** A readable that makes its chunks when they are asked for. */
function sourceOf(chunks) {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
}

/** Bytes in chunks of one length, in buffers of their own. */
function* cut(bytes, length = bytes.length) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

async function readAll(readable) {
  const reader = readable.getReader();
  const chunks = [];
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
  return chunks;
}

const toBytes = async (readable) => concat(await readAll(readable));

/** The three streams, each of which has to run on the backend that is expected. */
class Streams {
  #backend;

  constructor(backend) {
    this.#backend = backend;
  }

  check(pair) {
    assertEqual(pair.backend, this.#backend, "backend");
    return pair;
  }

  async sig(basis, options, length) {
    const pair = this.check(sigStream(options));
    return { bytes: await toBytes(sourceOf(cut(basis, length)).pipeThrough(pair)), stats: pair.stats };
  }

  async sigs(basis, options = {}) {
    const { format, blockLength = 1024 } = options;
    return await loadSigs((await this.sig(basis, options)).bytes, told(format, blockLength));
  }

  async delta(target, sigs, options, length) {
    const pair = this.check(deltaStream(sigs, options));
    return { bytes: await toBytes(sourceOf(cut(target, length)).pipeThrough(pair)), stats: pair.stats };
  }

  async patch(basis, delta, options, length) {
    return await toBytes(sourceOf(cut(delta, length)).pipeThrough(patchStream(basis, options)));
  }
}

/** What has to be told of a format that has no magic. */
function told(format, blockLength) {
  return format === "luapower" ? { format, blockLength } : {};
}

// ---- golden files

async function luapowerCase(streams, golden) {
  const { block_len: blockLength, mem_len: memLength } = golden;
  const basis = make(golden.basis.recipe);
  const target = make(golden.new.recipe, basis);
  for (const length of [undefined, 1009]) {
    const sig = await streams.sig(basis, { format: "luapower", blockLength }, length);
    assertEqual(await sha256(sig.bytes), golden.sig.sha256, "hash of the signature");
    const sigs = await loadSigs(sig.bytes, { format: "luapower", blockLength });
    const delta = await streams.delta(target, sigs, { memLength }, length);
    assertEqual(await sha256(delta.bytes), golden.delta.sha256, "hash of the delta");
    assertEqual(delta.stats.falseAlarms, golden.false_alarms, "falseAlarms");
    assertEqual(delta.stats.goodAlarms, golden.good_alarms, "goodAlarms");
    assertBytes(await streams.patch(basis, delta.bytes, told("luapower", blockLength), length), target, "the target");
  }
}

/** The sums that a magic names. */
const LIBRSYNC_KINDS = {
  "0x72730136": { weakSum: "rollsum", strongSum: "md4" },
  "0x72730137": { weakSum: "rollsum", strongSum: "blake2b" },
  "0x72730146": { weakSum: "rabinkarp", strongSum: "md4" },
  "0x72730147": { weakSum: "rabinkarp", strongSum: "blake2b" },
};

async function librsyncCase(streams, golden) {
  const { magic, blockLen: blockLength, strongLen: strongLength } = golden.header;
  const basis = generate(golden.old);
  const target = edited(basis, golden.edits);
  for (const length of [undefined, 1009]) {
    const options = { format: "librsync", ...LIBRSYNC_KINDS[magic], blockLength, strongLength };
    const sig = await streams.sig(basis, options, length);
    assertEqual(await sha256(sig.bytes), golden.sig.sha256, "hash of the signature");
    const delta = await streams.delta(target, await loadSigs(sig.bytes), { rdiffExact: true }, length);
    assertEqual(await sha256(delta.bytes), golden.delta.sha256, "hash of the delta");
    const patched = await streams.patch(basis, delta.bytes, {}, length);
    // In one case rdiff takes a wrong block for the right one, and so do we.
    const expected = golden.patch.equalsNew ? golden.newSha256 : golden.patch.outSha256;
    assertEqual(await sha256(patched), expected, "hash of the target");
  }
}

function fromHex(text) {
  return Uint8Array.from(text.match(/../g), (byte) => parseInt(byte, 16));
}

async function ownSigCase(streams, { basis, salt, sig, ...options }) {
  for (const length of [undefined, 1009]) {
    const { bytes } = await streams.sig(make(basis.recipe), { ...options, salt: fromHex(salt) }, length);
    assertEqual(await sha256(bytes), sig.sha256, "hash of the signature");
  }
}

async function ownDeltaCase(streams, golden) {
  const basis = make(golden.basis.recipe);
  const parts = golden.commands.map(({ copy, data }) => {
    return copy ? basis.subarray(copy.offset, copy.offset + copy.length) : make(data);
  });
  const target = concat(parts);
  const sigs = await streams.sigs(basis, golden.search);
  const { bytes } = await streams.delta(target, sigs, { digest: golden.digest });
  assertEqual(await sha256(bytes), golden.delta.sha256, "hash of the delta");
  assertBytes(await streams.patch(basis, bytes), target, "the target");
}

async function layeredCase(streams, { file, salt, layers, entityTag, modifiedMs, layered }) {
  const bytes = make(file.recipe);
  const pair = streams.check(layeredSigStream({ layers, salt: fromHex(salt), entityTag, modifiedMs }));
  const published = await toBytes(sourceOf(cut(bytes, 1009)).pipeThrough(pair));
  assertEqual(await sha256(published), layered.sha256, "hash of the layered signature");
  assertEqual((await loadSigs(published)).fileLength, bytes.length, "fileLength");
  const plan = await planSync(await LayeredSig.open(published), bytes);
  assertEqual(plan.missingLength, 0, "missingLength");
}

async function damagedCase(streams, { kind, file, basis }) {
  const bytes = fromBase64(file);
  const work = kind === "signature" ? loadSigs(bytes) : streams.patch(generate(basis), bytes);
  const error = await rejection(work);
  assert(error instanceof RsyncError, `the error is ${error}`);
}

// ---- round trips

const ROUND_TRIPS = [
  {},
  { strongSum: "blake3" },
  { strongSum: "blake2b", strongLength: 16, digest: true },
  { weakSum: "rollsum", blockLength: 700 },
  { weakSum: "rabinkarp", blockLength: 100 },
  { format: "librsync" },
  { format: "librsync", weakSum: "rollsum", strongSum: "md4", blockLength: 333 },
  { format: "luapower" },
  { format: "luapower", blockLength: 691 },
];

const BASIS = concat([randomBytes(1, 150_000), make({ gen: "text", seed: 2, len: 50_000 }), new Uint8Array(9000)]);
const TARGET = concat([
  randomBytes(3, 7000),
  BASIS.subarray(100_000),
  new Uint8Array(3000),
  BASIS.subarray(500, 120_000),
  randomBytes(4, 99),
]);

async function roundTrip(streams, options) {
  const { format, blockLength = 1024 } = options;
  const sigs = await streams.sigs(BASIS, options);
  const whole = await streams.delta(TARGET, sigs);
  assert(whole.stats.copiedBytes > TARGET.length / 2, `${whole.stats.copiedBytes} bytes are copied`);
  for (const length of [7919, 50]) {
    assertBytes((await streams.delta(TARGET, sigs, {}, length)).bytes, whole.bytes, "the delta");
  }
  const bases = [BASIS, new Blob([BASIS]), {
    read: (offset, length) => Promise.resolve(BASIS.subarray(offset, offset + Math.min(length, 1000))),
  }];
  for (const basis of bases) {
    assertBytes(await streams.patch(basis, whole.bytes, told(format, blockLength), 333), TARGET, "the target");
  }
  const commands = sourceOf(cut(whole.bytes, 100)).pipeThrough(
    decodeDeltaStream(told(format, blockLength)),
  );
  const transcoded = await toBytes(commands.pipeThrough(encodeDeltaStream()));
  assertBytes(await streams.patch(BASIS, transcoded), TARGET, "the target, by way of the rsync-streams format");
}

async function callbacksRoundTrip() {
  const collect = () => {
    const chunks = [];
    return { write: (buffer, length) => void chunks.push(buffer.slice(0, length)), bytes: () => concat(chunks) };
  };
  const reading = (bytes) => readFromReadable(sourceOf(cut(bytes, 5000))).read;
  const rsync = new Rsync();
  const sig = collect();
  await rsync.genSigsFile(reading(BASIS), sig.write);
  const sigs = await rsync.loadSigsFile(reading(sig.bytes()));
  const delta = collect();
  await rsync.genDeltasFile(reading(TARGET), sigs, delta.write);
  const target = collect();
  let at = 0;
  await rsync.patchFile(
    reading(delta.bytes()),
    (offset) => void (at = offset),
    (buffer, length) => {
      const piece = BASIS.subarray(at, at + length);
      buffer.set(piece);
      at += piece.length;
      return piece.length;
    },
    target.write,
  );
  assertBytes(target.bytes(), TARGET, "the target");
}

// ---- ends that come early

const QUICK = { strongSum: "blake3" };

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

// ---- backpressure

/** A copy of 1 GiB has at most two chunks in flight. */
async function copyOneGiB() {
  let asked = 0;
  const basis = {
    size: 2 ** 30,
    read: (offset, length) => {
      asked += length;
      return new Uint8Array(length).fill(offset / PATCH_CHUNK);
    },
  };
  const command = { copy: { offset: 0, length: 2 ** 30 } };
  const delta = await toBytes(sourceOf([command]).pipeThrough(encodeDeltaStream()));
  const reader = sourceOf([delta]).pipeThrough(patchStream(basis)).getReader();
  await settle();
  assertEqual(asked, 0, "bytes asked of the basis before the first read");
  let received = 0;
  while (received < 32 * MIB) {
    received += (await reader.read()).value.length;
    if (received % MIB === 0) await settle();
    assert(asked - received <= 2 * PATCH_CHUNK, `${asked - received} bytes are in flight`);
  }
  await reader.cancel();
  const before = asked;
  await settle();
  assertEqual(asked, before, "bytes asked of the basis, some time after the cancel");
}

// ---- hostile deltas

const SMALL_BASIS = concat([randomBytes(1, 150), make({ gen: "text", seed: 2, len: 150 })]);
const SMALL_TARGET = concat([randomBytes(3, 30), SMALL_BASIS.subarray(128), SMALL_BASIS.subarray(0, 128)]);

async function smallDelta(streams) {
  const sigs = await streams.sigs(SMALL_BASIS, { ...QUICK, blockLength: 64 });
  return (await streams.delta(SMALL_TARGET, sigs)).bytes;
}

async function assertFails(work, code) {
  const error = await rejection(work);
  assert(error instanceof RsyncError, `the error is ${error}`);
  assertEqual(error.code, code, `code of "${error.message}"`);
}

const HOSTILE = {
  async "each prefix of a delta is truncated"(streams) {
    const delta = await smallDelta(streams);
    for (let length = 0; length < delta.length; length++) {
      await assertFails(streams.patch(SMALL_BASIS, delta.slice(0, length), {}, 17), "truncated");
    }
  },
  async "a delta with a byte flipped gives the target or an RsyncError"(streams) {
    const delta = await smallDelta(streams);
    let errors = 0;
    for (let at = 0; at < delta.length; at++) {
      const flipped = delta.slice();
      flipped[at] ^= 255;
      try {
        assertBytes(await streams.patch(SMALL_BASIS, flipped), SMALL_TARGET, "the target");
      } catch (error) {
        if (!(error instanceof RsyncError)) throw error;
        errors++;
      }
    }
    assert(errors > delta.length / 2, `${errors} errors of ${delta.length}`);
  },
  async "a wrong basis is a digest-mismatch"(streams) {
    const wrong = SMALL_BASIS.slice();
    wrong[200] ^= 1;
    await assertFails(streams.patch(wrong, await smallDelta(streams)), "digest-mismatch");
  },
  async "a basis that is too short is copy-out-of-range, or basis-short-read"(streams) {
    const delta = await smallDelta(streams);
    const short = SMALL_BASIS.slice(0, 100);
    await assertFails(streams.patch(short, delta), "copy-out-of-range");
    const read = (offset, length) => short.subarray(offset, offset + length);
    await assertFails(streams.patch({ read }, delta), "basis-short-read");
  },
  async "maxOutputLength and maxInputLength are limits"(streams) {
    await assertFails(streams.patch(SMALL_BASIS, await smallDelta(streams), { maxOutputLength: 99 }), "limit");
    await assertFails(loadSigs((await streams.sig(BASIS)).bytes, { maxInputLength: 1000 }), "limit");
  },
  async "bytes of another kind are a bad-magic"(streams) {
    await assertFails(streams.patch(SMALL_BASIS, new Uint8Array(10)), "bad-magic");
    await assertFails(loadSigs(await smallDelta(streams)), "bad-magic");
  },
  async "bytes after the end are trailing-data"(streams) {
    await assertFails(streams.patch(SMALL_BASIS, concat([await smallDelta(streams), [0]])), "trailing-data");
  },
  async "an opcode that is none is an unknown-command"(streams) {
    await assertFails(streams.patch(SMALL_BASIS, Uint8Array.of(9), told("luapower", 64)), "unknown-command");
  },
  async "what a basis throws comes through as it is"(streams) {
    const reason = { why: "the basis is gone" };
    const read = () => Promise.reject(reason);
    assertEqual(await rejection(streams.patch({ read }, await smallDelta(streams))), reason, "reason");
  },
};

// ---- a long file

/** Pieces of a long target, most of them from the basis. The inserts and the cut move them off the blocks. */
function* longTarget(basis) {
  const at = (part) => Math.floor(basis.length * part);
  const inserts = [randomBytes(21, 70_001), randomBytes(22, 333)];
  yield* piecesOf(basis, 0, at(0.3));
  yield inserts[0].slice();
  yield* piecesOf(basis, at(0.3), at(0.6));
  yield* piecesOf(basis, at(0.6) + 12_345, at(0.9));
  yield inserts[1].slice();
  yield* piecesOf(basis, at(0.9), basis.length);
}

function* piecesOf(bytes, from, to) {
  for (let at = from; at < to; at += PATCH_CHUNK) yield bytes.slice(at, Math.min(to, at + PATCH_CHUNK));
}

async function longFile(streams, mib) {
  const basis = randomBytes(20, mib * MIB);
  const sigs = await loadSigs(sourceOf(piecesOf(basis, 0, basis.length)).pipeThrough(streams.check(sigStream(QUICK))));
  const pair = streams.check(deltaStream(sigs));
  const patched = sourceOf(longTarget(basis)).pipeThrough(pair).pipeThrough(patchStream(basis));
  const expected = longTarget(basis);
  let piece = new Uint8Array(0);
  let at = 0;
  let length = 0;
  const reader = patched.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    for (let from = 0; from < value.length;) {
      if (at === piece.length) {
        piece = expected.next().value;
        at = 0;
      }
      const count = Math.min(piece.length - at, value.length - from);
      for (let i = 0; i < count; i++) {
        if (piece[at + i] !== value[from + i]) assert(false, `byte ${length + from + i} is wrong`);
      }
      at += count;
      from += count;
    }
    length += value.length;
  }
  assert(expected.next().done && at === piece.length, "the result is too short");
  const most = 70_001 + 333 + 6 * 1024;
  assert(pair.stats.literalBytes <= most, `${pair.stats.literalBytes} literal bytes, ${most} at most`);
}

// ---- the list

/** All cases: name and function, in groups. */
function list(backend, mib) {
  const streams = new Streams(backend);
  const cases = [];
  const add = (group, name, run) => cases.push({ group, name, run });

  add("which backend", `streams that compute sums run on ${backend}`, async () => {
    streams.check(deltaStream(await streams.sigs(BASIS)));
  });
  for (const golden of luapower.cases) {
    if (Math.max(golden.basis.len, golden.new.len) > MAX_VECTOR_LENGTH) continue;
    add("luapower vectors", golden.name, () => luapowerCase(streams, golden));
  }
  for (const golden of librsync.cases) {
    if (Math.max(golden.oldLen, golden.newLen) > MAX_VECTOR_LENGTH) continue;
    add("librsync vectors", golden.id, () => librsyncCase(streams, golden));
  }
  for (const golden of own.signatures) {
    if (golden.basis.len > MAX_VECTOR_LENGTH) continue;
    const { basis, weakSum, strongSum, blockLength, strongLength, digest, salt } = golden;
    const name = [weakSum, strongSum, blockLength, strongLength, digest, salt, basis.len].join(" ");
    add("rsync-streams vectors", `signature: ${name}`, () => ownSigCase(streams, golden));
  }
  for (const golden of own.deltas) {
    if (!golden.search) continue;
    const name = `delta: ${JSON.stringify(golden.search)}, ${golden.commands.length} commands`;
    add("rsync-streams vectors", name, () => ownDeltaCase(streams, golden));
  }
  for (const golden of own.layered) {
    // What the library writes has the default sums.
    if (golden.weakSum !== "rabinkarp" || golden.strongSum !== "blake3") continue;
    add("rsync-streams vectors", `layered: ${golden.file.len}`, () => layeredCase(streams, golden));
  }
  for (const entry of malformed.entries) {
    if (["accepted", "abort"].includes(entry.outcome)) continue;
    add("damaged librsync files", entry.id, () => damagedCase(streams, entry));
  }
  for (const options of ROUND_TRIPS) add("round trips", JSON.stringify(options), () => roundTrip(streams, options));
  add("round trips", "callbacks", callbacksRoundTrip);
  for (const name of ["sigStream()", "deltaStream()", "patchStream()", "decodeDeltaStream()"]) {
    for (const [end, run] of Object.entries(ENDS)) {
      add("cancel and abort", `${end}: ${name}`, async () => await run((await stages(streams))[name]));
    }
  }
  add("cancel and abort", "a signal on every pipe cancels the source: 60 times", () => abortPipes(streams));
  for (const [name, run] of Object.entries(LOST_BYTES)) add("lost bytes", name, () => run(streams));
  add("backpressure", "a copy of 1 GiB has two chunks in flight", () => copyOneGiB());
  for (const [name, run] of Object.entries(HOSTILE)) add("hostile input", name, () => run(streams));
  add("long file", `${mib} MiB through the three pipes`, () => longFile(streams, mib));
  return cases;
}

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

/** Writes two chunks without waiting, takes the bytes of one away, and expects an error. */
async function losesBytes(pair, chunks, which) {
  const writer = pair.writable.getWriter();
  // Not by a Response, which in Chromium hides the error of its stream.
  const result = toBytes(pair.readable).then(() => "no error", (error) => error);
  const writes = chunks.map((chunk) => writer.write(chunk));
  const closed = writer.close();
  for (const promise of [...writes, closed]) promise.catch(() => {});
  structuredClone(chunks[which].buffer, { transfer: [chunks[which].buffer] });
  const error = await result;
  if (!(error instanceof TypeError) || !/transferred|detached/.test(error.message)) {
    throw new Error(`a chunk was transferred while it waited: ${error}`);
  }
}

const LOST_BYTES = {
  "sigStream(): the chunk being worked on": (streams) =>
    losesBytes(streams.check(sigStream()), [randomBytes(1, 3_000_000), randomBytes(2, 50_000)], 0),
  "sigStream(): a chunk that waits": (streams) =>
    losesBytes(streams.check(sigStream()), [randomBytes(1, 50_000), randomBytes(2, 50_000)], 1),
  "deltaStream(): a chunk that waits": async (streams) => {
    const sigs = await loadSigs(sourceOf([randomBytes(1, 50_000)]).pipeThrough(sigStream()));
    await losesBytes(streams.check(deltaStream(sigs)), [randomBytes(1, 50_000), randomBytes(2, 50_000)], 1);
  },
};

// ---- what a runtime lacks

/** A native transform stream, stalled, in a pipe that an AbortSignal ends: what source and sink get to see. */
async function abortedNativePipe() {
  const seen = {};
  const reason = { why: "aborted" };
  const controller = new AbortController();
  let count = 0;
  const source = new ReadableStream({
    pull: (one) => count++ < 20 ? one.enqueue("x") : undefined,
    cancel: (why) => void (seen.cancel = why),
  });
  const sink = new WritableStream({ write: () => new Promise((resolve) => setTimeout(resolve, 30)) });
  const piped = source.pipeThrough(new TransformStream()).pipeTo(sink, { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 10);
  await piped.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 50));
  return seen.cancel === reason;
}

/** Defects and gaps of the runtime that the library gets along with, by name. */
async function findGaps() {
  const gaps = [];
  if (!await abortedNativePipe()) gaps.push("native TransformStream loses the reason of an abort under backpressure");
  if (!ReadableStream.from) gaps.push("no ReadableStream.from()");
  if (!ReadableStream.prototype[Symbol.asyncIterator]) gaps.push("readables cannot be iterated");
  if (!Symbol.asyncDispose) gaps.push("no Symbol.asyncDispose");
  try {
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  } catch {
    gaps.push("compiles no WebAssembly from bytes");
  }
  return gaps;
}

/**
 * Runs all cases.
 *
 * @param options `backend`: which one has to run. `mib`: length of the long file. `more`: cases of the runtime's own.
 * @returns Which passed, which failed and why, and what the runtime lacks.
 */
export async function runCases({ backend, mib = 64, more = [] }) {
  const failures = [];
  const groups = {};
  const all = [...list(backend, mib), ...more];
  for (const { group, name, run } of all) {
    groups[group] ??= 0;
    try {
      await run();
      groups[group]++;
    } catch (error) {
      failures.push(`${group}: ${name}: ${error?.stack ?? error}`);
    }
  }
  return { backend, mib, cases: all.length, groups, failures, gaps: await findGaps() };
}
