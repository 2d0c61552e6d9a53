/** Deltas of all formats, by encoders that know the formats and can lie. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { decodeDeltaStream, type DeltaCommand, encodeDeltaStream, patchStream } from "rsync-streams";
import { assertBytes, type Chunking, source } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import {
  assertSameOutcome,
  type Bytes,
  damaged,
  damages,
  oddNumber,
  type Outcome,
  outcomeOf,
  type Target,
  through,
} from "./property.ts";

/** What copies are of. */
const BASIS = randomBytes(1, 5_000);
const BLOCK_LENGTH = 64;
const MAX_TARGET = 50_000;

type Format = "rsync-streams" | "librsync" | "luapower";

/** What has to be said of a delta. */
type DeltaOptions = { format?: Format; blockLength?: number };

type Command = { copy: { offset: number; length: number } } | { data: number };

export interface DeltaInput {
  readonly format: Format;
  readonly bytes: Bytes;
  readonly seed: number;
}

// ---- encoders

function varint(value: number): number[] {
  const bytes = [];
  let rest = BigInt(Math.max(0, Math.floor(value)));
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
  return [...bytes, Number(rest)];
}

function bigEndian(value: number, width: number): number[] {
  return Array.from({ length: width }, (_, i) => Number(BigInt(value) >> BigInt(8 * (width - 1 - i)) & 255n));
}

function littleEndian(value: number, width: number): number[] {
  return bigEndian(value, width).reverse();
}

/** Data commands are as long as they say, up to a length; longer ones break off. */
function dataOf(length: number): Uint8Array {
  return randomBytes(length + 1, Math.min(length, 3_000));
}

const ENCODERS: Record<Format, (commands: readonly Command[], lie: number) => Uint8Array> = {
  "rsync-streams"(commands, lie) {
    const parts: (Uint8Array | number[])[] = [[0x92, 0x52, 0x53, 0x44, 1, lie === 1 ? 0 : 4, 0, 0]];
    let end = 0;
    for (const command of commands) {
      if ("data" in command) {
        if (command.data > 0 || lie === 2) parts.push(varint(2 * command.data), dataOf(command.data));
        continue;
      }
      const { offset, length } = command.copy;
      const distance = offset - end;
      parts.push(varint(2 * length + 1), varint(distance < 0 ? -2 * distance - 1 : 2 * distance));
      end = offset + length;
    }
    const target = apply(commands.map((command) => "data" in command ? { data: dataOf(command.data) } : command));
    const length = commands.reduce((sum, one) => sum + ("data" in one ? one.data : one.copy.length), 0);
    parts.push([0], varint(lie === 3 ? length + 1 : length));
    if (lie !== 1) parts.push(createHash("sha256").update(target ?? new Uint8Array(0)).digest());
    if (lie === 4) parts.push([0]);
    return concat(parts.map((part) => Uint8Array.from(part)));
  },
  librsync(commands, lie) {
    const parts: (Uint8Array | number[])[] = [[0x72, 0x73, 0x02, 0x36]];
    const widthOf = (value: number) => {
      const shortest = [2 ** 8, 2 ** 16, 2 ** 32, Infinity].findIndex((end) => value < end);
      return Math.min(3, shortest + (lie === 2 ? 1 : 0));
    };
    for (const command of commands) {
      if ("data" in command) {
        const width = widthOf(command.data);
        const isInline = command.data <= 64 && command.data > 0 && lie !== 2;
        parts.push(isInline ? [command.data] : [0x41 + width, ...bigEndian(command.data, 2 ** width)]);
        parts.push(dataOf(command.data));
      } else {
        const { offset, length } = command.copy;
        const [a, b] = [widthOf(offset), widthOf(length)];
        parts.push([0x45 + 4 * a + b, ...bigEndian(offset, 2 ** a), ...bigEndian(length, 2 ** b)]);
      }
    }
    if (lie !== 1) parts.push([0]);
    if (lie === 4) parts.push([1, 2, 3]);
    return concat(parts.map((part) => Uint8Array.from(part)));
  },
  luapower(commands, lie) {
    const parts: (Uint8Array | number[])[] = [];
    for (const command of commands) {
      if ("data" in command) parts.push([1, ...littleEndian(command.data % 2 ** 32, 4)], dataOf(command.data));
      else {
        const { offset, length } = command.copy;
        parts.push([2, ...littleEndian(Math.floor(offset / BLOCK_LENGTH) % 2 ** 32, 4), length % 256]);
      }
    }
    if (lie === 4) parts.push([3]);
    return concat(parts.map((part) => Uint8Array.from(part)));
  },
};

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ offset: fc.nat(4_000), length: fc.integer({ min: 1, max: 1_000 }) }).map((copy) => ({
      copy,
    })),
  },
  { weight: 1, arbitrary: fc.record({ offset: oddNumber, length: oddNumber }).map((copy) => ({ copy })) },
  { weight: 3, arbitrary: fc.nat(300).map((data) => ({ data })) },
  { weight: 1, arbitrary: oddNumber.map((data) => ({ data })) },
);

export const deltaInputs: fc.Arbitrary<DeltaInput> = fc.record({
  format: fc.constantFrom<Format>("rsync-streams", "librsync", "luapower"),
  commands: fc.array(command, { maxLength: 12 }),
  /** Which lie the encoder tells, if one of those it knows. */
  lie: fc.nat(9),
  list: damages,
  seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
}).map(({ format, commands, lie, list, seed }) => {
  return { format, seed, bytes: damaged(ENCODERS[format](commands, lie), list) };
});

// ---- a slow model of a patch

/** The target, or undefined if a copy is not of the basis, or it is too long. */
function apply(commands: readonly DeltaCommand[]): Bytes | undefined {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const { copy, data } of commands) {
    length += copy ? copy.length : data.length;
    if (length > MAX_TARGET || copy && copy.offset + copy.length > BASIS.length) return undefined;
    parts.push(copy ? BASIS.subarray(copy.offset, copy.offset + copy.length) : data);
  }
  return concat(parts);
}

/** Commands with neighbours joined, so that neither pieces nor the limits of a format make a difference. */
function joined(commands: readonly DeltaCommand[]): DeltaCommand[] {
  const out: DeltaCommand[] = [];
  for (const command of commands) {
    const last = out.at(-1);
    if (command.copy) {
      if (last?.copy && last.copy.offset + last.copy.length === command.copy.offset) {
        last.copy = { offset: last.copy.offset, length: last.copy.length + command.copy.length };
      } else out.push({ copy: { ...command.copy } });
    } else if (command.data.length > 0) {
      if (last?.data) last.data = concat([last.data, command.data]);
      else out.push({ data: command.data });
    }
  }
  return out;
}

async function collect<T>(readable: ReadableStream<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of readable) items.push(item);
  return items;
}

async function decode(bytes: Uint8Array, options: DeltaOptions, chunking?: Chunking): Promise<DeltaCommand[]> {
  return await collect(source(bytes, chunking).pipeThrough(decodeDeltaStream(options)));
}

async function encode(commands: readonly DeltaCommand[], format: Format): Promise<Bytes> {
  const options = format === "luapower" ? { format, blockLength: BLOCK_LENGTH } : { format };
  return concat(await collect(ReadableStream.from(commands).pipeThrough(encodeDeltaStream(options))));
}

/** The codes of errors that a patch adds to those of its delta. */
const PATCH_CODES = ["copy-out-of-range", "limit", "digest-mismatch"];

async function checkPatch(
  { bytes, seed }: DeltaInput,
  options: DeltaOptions,
  decoded: Outcome<DeltaCommand[]>,
): Promise<void> {
  const patch = (chunking?: Chunking) => {
    return outcomeOf(through(bytes, patchStream(BASIS, { ...options, maxOutputLength: MAX_TARGET }), chunking));
  };
  const patched = await patch();
  assertSameOutcome(patched, await patch({ seed, most: 40 }), assertBytes, "patches of two chunkings");
  if (decoded.error) return assert.ok(patched.error, "a patch takes what a decoder refuses");
  const target = apply(decoded.value);
  if (patched.value) return assertBytes(patched.value, target ?? new Uint8Array(0), "target");
  assert.ok(PATCH_CODES.includes(patched.error!.code), patched.error!.code);
  if (target && patched.error!.code !== "digest-mismatch") {
    assert.fail(`a delta was refused: ${patched.error!.message}`);
  }
}

export const deltas: Target<DeltaInput> = {
  name: "deltas",
  inputs: deltaInputs,
  async check(input) {
    const { format, bytes, seed } = input;
    const options = format === "luapower" ? { format, blockLength: BLOCK_LENGTH } : {};
    const decoded = await outcomeOf(decode(bytes, options));
    const compare = (a: DeltaCommand[], b: DeltaCommand[]) => assert.deepEqual(b, a);
    assertSameOutcome(decoded, await outcomeOf(decode(bytes, options, { seed, most: 30 })), compare, "decodings");
    await checkPatch(input, options, decoded);
    if (decoded.error) return;
    const commands = decoded.value;
    assert.ok(commands.length <= bytes.length + 2, `${commands.length} commands of ${bytes.length} bytes`);
    const again = await encode(commands, format);
    if (format === "rsync-streams") assertBytes(again, bytes, "what was decoded and encoded again");
    assert.deepEqual(joined(await decode(again, options)), joined(commands));
    for (const other of ["rsync-streams", "librsync", "luapower"] as const) {
      const transcoded = await outcomeOf(encode(commands, other));
      if (transcoded.error) {
        assert.equal(transcoded.error.code, "unsupported");
        continue;
      }
      const told = other === "luapower" ? { format: other, blockLength: BLOCK_LENGTH } : {};
      assert.deepEqual(joined(await decode(transcoded.value, told)), joined(commands), `${format} in ${other}`);
    }
  },
};
