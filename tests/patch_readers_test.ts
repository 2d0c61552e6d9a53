/** Commands that are carried out at once, in each format: the same bytes and errors as with one event for each. */
import assert from "node:assert/strict";
import { patchStream, RsyncError } from "rsync-streams";
import { ByteReader } from "../src/formats/bytes/byte_reader.ts";
import type { PatchReader } from "../src/formats/interface.ts";
import type { Format } from "../src/formats/format.ts";
import { patchReaders } from "../src/formats/mod.ts";
import { BASIS, bigEndian, BLOCK_LENGTH, FORMATS, GRAMMARS } from "./_delta_grammars.ts";
import { assertBytes, type Chunking, chunks, source } from "./_helpers.ts";
import { type Bytes, bytesOf, copyHead, deltaHead, u32, zigzag } from "./_hostile.ts";
import { type Random, randomBytes, xorshift } from "./_recipes.ts";

function open(format: Format): PatchReader {
  return patchReaders[format](new ByteReader("the delta"), { blockLength: BLOCK_LENGTH });
}

/** What a reader makes of a delta: bytes, events that cannot be carried out, the error, and where each was. */
function readAll(format: Format, delta: Bytes, chunking: Chunking, random: Random | undefined): unknown[] {
  const reader = open(format);
  const out = new Uint8Array(100_000);
  let at = 0;
  let copied = 0;
  const all: unknown[] = [];
  const put = (bytes: Uint8Array) => {
    out.set(bytes, at);
    at += bytes.length;
  };
  const left = chunks(delta, chunking);
  try {
    for (;;) {
      if (random) {
        const end = Math.min(out.length, at + random.below(200));
        const room = { basis: BASIS, out, at, end, maxCommands: random.below(9), copied };
        const before = reader.position;
        const count = reader.carryOut!(room);
        assert.ok(room.at >= at && room.at <= end && count <= room.maxCommands, `${count} commands, to ${room.at}`);
        assert.equal(count > 0, reader.position > before);
        ({ at, copied } = room);
      }
      const event = reader.next();
      if (event?.type === "copy" && event.offset + event.length <= BASIS.length && at + event.length <= out.length) {
        put(BASIS.subarray(event.offset, event.offset + event.length));
        copied += event.length;
      } else if (event?.type === "data") {
        put(event.bytes);
      } else if (event) {
        all.push([event, reader.position, at, copied]);
      }
      if (event?.type === "end") return [...all, out.slice(0, at)];
      if (event) continue;
      const { done, value } = left.next();
      if (done) reader.end();
      else reader.write(value);
    }
  } catch (error) {
    assert.ok(error instanceof RsyncError, String(error));
    return [...all, out.slice(0, at), copied, error.message, error.offset];
  }
}

for (const format of FORMATS) {
  Deno.test(`commands carried out at once make what each of them does, and so do errors: ${format}`, () => {
    const { start, far, command, end } = GRAMMARS[format];
    const endings = new Map<string, number>();
    for (let seed = 1; seed <= 2000; seed++) {
      const random = xorshift(seed);
      const commands = Array.from({ length: 1 + random.below(30) }, () => command(random));
      const delta = bytesOf(start, ...random.below(10) > 0 ? [] : [far], ...commands, end);
      const expected = readAll(format, delta, "whole", undefined);
      for (const chunking of ["whole", { seed, most: 12 }, { seed, most: 90 }] as const) {
        const actual = readAll(format, delta, chunking, random);
        assert.deepEqual(actual, expected, `seed ${seed}, chunks ${JSON.stringify(chunking)}`);
      }
      const ending = typeof expected.at(-1) === "number" ? String(expected.at(-2)) : "the end";
      const kind = ending.replaceAll(/0x[0-9a-f]+|\d+/g, "0");
      endings.set(kind, 1 + (endings.get(kind) ?? 0));
    }
    assert.equal(endings.size, { "rsync-streams": 7, librsync: 10, luapower: 4 }[format], [...endings].join("\n"));
  });
}

/** Ten commands by turns: a copy of a byte, or a block, from 0, 4, 8 ... on, and a byte of data. */
const TEN_COMMANDS: Readonly<Record<Format, Bytes>> = {
  "rsync-streams": bytesOf(deltaHead(), ...[0, 3, 3, 3, 3].flatMap((skip, k) => [3, 2 * skip, 2, 100 + k])),
  librsync: bytesOf(0x72, 0x73, 2, 0x36, ...[0, 4, 8, 12, 16].flatMap((at, k) => [0x45, at, 1, 1, 100 + k])),
  luapower: bytesOf(...[0, 4, 8, 12, 16].flatMap((at, k) => [2, at, 0, 0, 0, 1, 1, 1, 0, 0, 0, 100 + k])),
};

for (const format of FORMATS) {
  const blockLength = format === "luapower" ? BLOCK_LENGTH : 1;
  const parts = [0, 4, 8, 12, 16].flatMap((at, k) => {
    return [BASIS.subarray(at * blockLength, (at + 1) * blockLength), Uint8Array.of(100 + k)];
  });
  /** A reader at the first command, with enough behind the last. */
  const opened = () => {
    const reader = open(format);
    reader.write(bytesOf(TEN_COMMANDS[format], new Uint8Array(9)));
    assert.equal(reader.carryOut!(roomOf(BASIS, 100, 20)), 0, "before the start");
    assert.equal(reader.next()?.type, "start");
    return reader;
  };
  const roomOf = (basis: Bytes, end: number, maxCommands: number) => {
    return { basis, out: new Uint8Array(100), at: 2, end, maxCommands, copied: 0 };
  };

  Deno.test(`commands are carried out as far as there is room, and no further: ${format}`, () => {
    const sixEnd = 2 + 3 * blockLength + 3;
    for (const [end, maxCommands, count] of [[100, 10, 10], [100, 4, 4], [100, 3, 3], [sixEnd, 10, 6]] as const) {
      const reader = opened();
      const room = roomOf(BASIS, end, maxCommands);
      assert.equal(reader.carryOut!(room), count);
      const written = bytesOf(0, 0, ...parts.slice(0, count));
      assertBytes(room.out, bytesOf(written, new Uint8Array(100 - written.length)));
      assert.equal(room.copied, Math.ceil(count / 2) * blockLength);
    }
  });

  Deno.test(`a copy that the basis does not have is left to next(): ${format}`, () => {
    for (const [length, count] of [[9 * blockLength, 6], [9 * blockLength - 1, 4], [0, 0]] as const) {
      const reader = opened();
      assert.equal(reader.carryOut!(roomOf(BASIS.slice(0, length), 100, 10)), count);
      assert.equal(reader.next()?.type, "copy");
      // Data follows, which needs no basis.
      assert.equal(reader.carryOut!(roomOf(new Uint8Array(0), 100, 10)), 1);
    }
  });
}

/** A basis of 16 GiB that takes no memory: its bytes are computed. Views cannot be made of it. */
const FAR_BASIS = new Proxy(new Uint8Array(0), {
  get: (_, name) => name === "length" ? 2 ** 34 : Number(name) % 251,
});

/** Offsets of copies of 3 bytes, each so far from the end of the one before. The first is as far from 2^30. */
function offsetsAt(distances: number[]): number[] {
  let end = 2 ** 30;
  return distances.map((distance) => (end += distance + 3) - 3);
}

/** Copies of 3 bytes that start at these offsets, behind one that ends at 2^30, and bytes that end the chunk. */
const FAR_COPIES: Readonly<Record<Format, (offsets: number[]) => Bytes>> = {
  "rsync-streams": (offsets) => {
    const distance = (offset: number, k: number) => zigzag(BigInt(offset - (k > 0 ? offsets[k - 1]! + 3 : 2 ** 30)));
    const copies = offsets.flatMap((offset, k) => [copyHead(3n), distance(offset, k)]);
    return bytesOf(deltaHead(), copyHead(3n), zigzag(2n ** 30n - 3n), ...copies, new Uint8Array(8));
  },
  librsync: (offsets) => {
    const copies = offsets.flatMap((offset, k) => {
      return [0x4d + k % 3, bigEndian(BigInt(offset), 4), bigEndian(3n, 1 << (k % 3))];
    });
    return bytesOf(0x72, 0x73, 2, 0x36, 0x45, 0, 3, ...copies, new Uint8Array(9));
  },
  luapower: (offsets) => bytesOf(2, u32(0), 1, ...offsets.flatMap((offset) => [2, u32(offset / 3), 1])),
};

for (const format of FORMATS) {
  Deno.test(`copies carried out at once may be of any bytes of a basis of many GiB: ${format}`, () => {
    const offsets = {
      "rsync-streams": offsetsAt([
        ...[6, 13, 20].flatMap((n) => [2 ** n - 1, 2 ** n, 1 - 2 ** n, -(2 ** n), -1 - 2 ** n]),
        ...Array(100).fill(2 ** 27 - 1),
        ...Array(100).fill(-(2 ** 27)),
      ]),
      librsync: [2 ** 31 - 3, 2 ** 31, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 32 - 256, 0],
      luapower: [2 ** 31 - 2, 2 ** 32 - 1, 2 ** 32 + 2, 3 * (2 ** 31 - 1), 3 * 2 ** 31, 3 * (2 ** 32 - 1)],
    }[format];
    const reader = open(format);
    reader.write(FAR_COPIES[format](offsets));
    assert.equal(reader.next()?.type, "start");
    assert.equal(reader.next()?.type, "copy");
    const room = { basis: FAR_BASIS, out: new Uint8Array(1000), at: 0, end: 1000, maxCommands: 1000, copied: 0 };
    assert.equal(reader.carryOut!(room), offsets.length);
    const expected = offsets.flatMap((offset) => [offset, offset + 1, offset + 2].map((at) => at % 251));
    assert.deepEqual([...room.out.subarray(0, room.at)], expected);
  });
}

Deno.test("a patch counts the bytes of commands carried out at once, and says where a wrong one is", async () => {
  const basis = randomBytes(1, 100);
  const good = Array.from({ length: 50 }, () => bytesOf(copyHead(1n), zigzag(0n)));
  const delta = bytesOf(deltaHead(), ...good, copyHead(60n), zigzag(0n), 0, 110, new Uint8Array(8));
  const pair = patchStream(basis);
  await assert.rejects(
    new Response(source(delta).pipeThrough(pair)).bytes(),
    { code: "copy-out-of-range", offset: 8 + 2 * 50 + 2 },
  );
  assert.deepEqual(pair.stats, { bytesIn: 8 + 2 * 50 + 2, bytesOut: 0, copiedBytes: 50, literalBytes: 0 });
});

Deno.test("what follows the end of a delta is no copy", async () => {
  const delta = bytesOf(deltaHead(), copyHead(1n), zigzag(0n), 0, 1);
  const pair = patchStream(new Uint8Array(100));
  const chunks = ReadableStream.from([delta, bytesOf(...Array(9).fill([3, 0]).flat())]);
  await assert.rejects(
    new Response(chunks.pipeThrough(pair)).bytes(),
    { code: "trailing-data", offset: delta.length },
  );
  assert.equal(pair.stats.copiedBytes, 1);
});
