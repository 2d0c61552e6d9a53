/** Commands of a delta as objects: which ones are taken, what they become, and what a delta becomes. */
import assert from "node:assert/strict";
import { decodeDeltaStream, type DeltaCommand, encodeDeltaStream, type EncodeDeltaStreamOptions } from "rsync-streams";
import { CommandsFromEvents } from "../src/engine/commands_from_events.ts";
import { EventsFromCommands } from "../src/engine/events_from_commands.ts";
import type { DeltaEvent } from "../src/engine/interface.ts";
import { BUSY, DONE, type SourceResult } from "../src/engine/stage.ts";
import { createDecodeStage } from "../src/stages/transcoder.ts";
import { hex, source, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";

// What a caller without types may write.
// deno-lint-ignore no-explicit-any
type Anything = any;

const NONE = new Uint8Array(0);
const SUM = randomBytes(1, 32);
const FIRST: DeltaCommand = { data: NONE, digest: { algorithm: "sha-256" } };
const LAST: DeltaCommand = { data: NONE, digest: { algorithm: "sha-256", sum: SUM } };
const COPY: DeltaCommand = { copy: { offset: 3, length: 4 } };
const DATA: DeltaCommand = { data: Uint8Array.of(65) };

async function encode(commands: Anything[], options?: EncodeDeltaStreamOptions) {
  return hex(await toBytes(ReadableStream.from<DeltaCommand>(commands).pipeThrough(encodeDeltaStream(options))));
}

/** A delta in the rsync-streams format, in hexadecimal digits: its number for the digest, and what follows. */
const delta = (digest: string, rest: string) => `9252534401${digest}0000${rest}`;

Deno.test("encodeDeltaStream() writes a digest where the first command names it and the last has it", async () => {
  assert.equal(await encode([]), delta("00", "0000"));
  assert.equal(await encode([COPY, DATA]), delta("00", "0906" + "0241" + "0005"));
  assert.equal(await encode([FIRST, COPY, DATA, LAST]), delta("04", "0906" + "0241" + "0005" + hex(SUM)));
  assert.equal(await encode([FIRST, LAST]), delta("04", "0000" + hex(SUM)));
  // The first may be the last, and both may have data.
  assert.equal(await encode([LAST]), delta("04", "0000" + hex(SUM)));
  assert.equal(await encode([{ ...FIRST, data: DATA.data }, LAST]), delta("04", "0241" + "0001" + hex(SUM)));
});

Deno.test("encodeDeltaStream() leaves a digest out where the format has no place for it", async () => {
  const plain = await encode([COPY, DATA], { format: "librsync" });
  assert.equal(await encode([FIRST, COPY, DATA, LAST], { format: "librsync" }), plain);
  assert.equal(await encode([FIRST, COPY, DATA], { format: "librsync" }), plain);
});

Deno.test("encodeDeltaStream() refuses a digest that is begun and not given, or given and not begun", async () => {
  const wrong: Anything[][] = [
    [FIRST],
    [FIRST, COPY],
    [COPY, LAST],
    [DATA, FIRST],
    [{ ...FIRST, digest: { algorithm: "md5" } }, LAST],
    [FIRST, { data: NONE, digest: { algorithm: "sha-1", sum: SUM } }],
    [FIRST, { data: NONE, digest: { algorithm: "sha-256", sum: hex(SUM) } }],
    [FIRST, { data: NONE, digest: { algorithm: "sha-256", sum: SUM.buffer } }],
  ];
  for (const commands of wrong) {
    await assert.rejects(encode(commands), { name: "TypeError", message: /^Cannot encode the delta: .*digest/ });
  }
});

Deno.test("encodeDeltaStream() takes a copy of the digest", async () => {
  const sum = SUM.slice();
  const { readable, writable } = encodeDeltaStream();
  const made = toBytes(readable);
  const writer = writable.getWriter();
  await writer.write(FIRST);
  await writer.write({ data: NONE, digest: { algorithm: "sha-256", sum } });
  sum.fill(0);
  await writer.close();
  assert.equal(hex((await made).subarray(-32)), hex(SUM));
});

Deno.test("encodeDeltaStream() takes commands, and refuses in words what is none", async () => {
  const most = Number.MAX_SAFE_INTEGER;
  const options = { format: "librsync" } as const;
  for (const copy of [{ offset: 0, length: 1 }, { offset: most - 1, length: 1 }, { offset: 0, length: most }]) {
    assert.ok((await encode([{ copy }], options)).length > 10);
  }
  const { copy } = COPY;
  const unlike: Anything[] = [null, undefined, 5, {}, { data: "text" }, { data: NONE.buffer }, { copy, data: NONE }];
  unlike.push({ copy: null }, { copy: { offset: 0 } }, { copy: { length: 1 } }, { copy: { offset: "0", length: 1 } });
  unlike.push({ copy: { offset: 0, length: 1n } }, { copy, data: null });
  for (const command of unlike) {
    await assert.rejects(encode([command]), { name: "TypeError", message: /^Cannot encode the command: / });
  }
  const numbers = [[-1, 1], [0, 0], [0, -1], [0.5, 1], [0, 1.5], [NaN, 1], [0, Infinity], [most, 1], [1, most]];
  for (const [offset, length] of numbers) {
    await assert.rejects(encode([{ copy: { offset, length } }]), { name: "RangeError", message: /^Cannot encode the/ });
  }
});

Deno.test("encodeDeltaStream() makes a target of 2^53 - 1 bytes of copies and data, and no longer one", async () => {
  const most = Number.MAX_SAFE_INTEGER;
  const copy = (length: number) => ({ copy: { offset: 0, length } });
  const full: Anything[][] = [
    [{ data: new Uint8Array(5) }, copy(most - 5)],
    [copy(most - 5), { data: new Uint8Array(5) }],
    [copy(most - 9), { data: new Uint8Array(5) }, copy(4)],
  ];
  const options = { format: "librsync" } as const;
  for (const commands of full) {
    assert.ok((await encode(commands, options)).length > 10);
    for (const more of [copy(1), DATA]) {
      await assert.rejects(encode([...commands, more], options), {
        name: "RangeError",
        message: "Cannot encode the command: with its 1 bytes the target is longer than 2^53 - 1",
      });
    }
    assert.ok((await encode([...commands, { data: NONE }], options)).length > 10);
  }
});

/** All parts up to the end, or to where more commands are needed. */
function drained<T>(events: { next(): SourceResult<T> }): T[] {
  const parts: T[] = [];
  for (let part = events.next(); part !== undefined && part !== DONE; part = events.next()) parts.push(part as T);
  return parts;
}

Deno.test("a copy comes in pieces of the longest length at most", () => {
  for (const [length, lengths] of [[9, [9]], [10, [10]], [11, [10, 1]], [20, [10, 10]], [25, [10, 10, 5]]] as const) {
    const events = new EventsFromCommands(false, 10);
    events.write({ copy: { offset: 7, length } });
    const pieces = drained(events).filter((part) => part.type === "copy");
    assert.deepEqual(pieces.map(({ length }) => length), lengths);
    assert.deepEqual(pieces.map(({ offset }) => offset), lengths.map((_, i) => 7 + 10 * i));
  }
});

Deno.test("commands become parts one for one, data without bytes is left out, and all are counted", () => {
  const events = new EventsFromCommands(true);
  assert.equal(events.next(), undefined);
  const parts: DeltaEvent[] = [];
  for (const command of [FIRST, COPY, { data: NONE }, DATA, LAST]) {
    events.write(command);
    parts.push(...drained(events));
    assert.equal(events.next(), undefined);
  }
  events.end();
  parts.push(...drained(events));
  assert.equal(events.next(), DONE);
  assert.deepEqual(parts, [
    { type: "start", hasDigest: true },
    { type: "copy", offset: 3, length: 4 },
    { type: "data", bytes: DATA.data },
    { type: "end", targetLength: 5, digest: SUM },
  ]);
  assert.deepEqual(events.stats, { bytesIn: 1, bytesOut: 0, copiedBytes: 4, literalBytes: 1, digest: hex(SUM) });
});

/** Commands of parts that are played, with the place in the delta after each. */
function commandsOf(events: SourceResult<DeltaEvent>[]): CommandsFromEvents {
  let position = 100;
  return new CommandsFromEvents({
    next() {
      position += 10;
      return events.shift();
    },
    get position() {
      return position;
    },
  });
}

Deno.test("parts become commands one for one, and all are counted", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  for (const hasDigest of [true, false]) {
    const commands = commandsOf([
      BUSY,
      { type: "start", hasDigest },
      { type: "copy", offset: 5, length: 6 },
      undefined,
      { type: "data", bytes },
      { type: "end", targetLength: 9, digest: hasDigest ? SUM : undefined },
      BUSY,
    ]);
    assert.equal(commands.next(), BUSY);
    assert.equal(commands.stats.bytesIn, 110);
    const seen = [...drained(commands), ...drained(commands)];
    const all: DeltaCommand[] = [FIRST, { copy: { offset: 5, length: 6 } }, { data: bytes }, LAST];
    assert.deepEqual(seen, hasDigest ? all : all.slice(1, -1));
    // It has ended, and does not ask again.
    assert.deepEqual([commands.next(), commands.next()], [DONE, DONE]);
    const counts = { bytesIn: 160, bytesOut: 9, copiedBytes: 6, literalBytes: 3 };
    assert.deepEqual(commands.stats, hasDigest ? { ...counts, digest: hex(SUM) } : counts);
  }
  assert.equal(commandsOf([DONE]).next(), DONE);
});

Deno.test("decodeDeltaStream() returns the digest of a delta in its first and last command", async () => {
  const bytes = Uint8Array.from(
    delta("04", "0906" + "0241" + "0005" + hex(SUM)).match(/../g)!,
    (two) => parseInt(two, 16),
  );
  for (const chunking of ["whole", 1] as const) {
    const commands = await Array.fromAsync(source(bytes, chunking).pipeThrough(decodeDeltaStream()));
    assert.deepEqual(commands, [FIRST, COPY, DATA, LAST]);
  }
});

Deno.test("a decoder lets others work among empty data commands of the luapower format, and gives none of them", () => {
  const bytes = new Uint8Array(500_006);
  for (let at = 0; at < 500_000; at += 5) bytes[at] = 1;
  bytes.set([2, 1, 0, 0, 0, 1], 500_000);
  const stage = createDecodeStage({ format: "luapower", blockLength: 4 });
  stage.write(bytes);
  for (let turn = 0; turn < 6; turn++) assert.equal(stage.next(), BUSY);
  assert.deepEqual(stage.next(), { copy: { offset: 4, length: 4 } });
});
