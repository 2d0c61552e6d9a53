/** Short copies that are read in a loop of their own: the same commands and the same errors as one by one. */
import assert from "node:assert/strict";
import { patchStream, RsyncError } from "rsync-streams";
import type { DeltaEvent } from "../src/engine/interface.ts";
import { ByteReader } from "../src/formats/bytes/byte_reader.ts";
import { RsyncStreamsDeltaReader } from "../src/formats/rsync_streams/delta.ts";
import { readShortCopies } from "../src/formats/rsync_streams/short_copies.ts";
import { type Chunking, chunks, source } from "./_helpers.ts";
import { bytesOf, copyHead, dataHead, deltaHead, varint, zigzag } from "./_hostile.ts";
import { type Random, randomBytes, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Where a varint gets longer, and where numbers end. */
const BORDERS = [0, 6, 7, 13, 14, 20, 21, 27, 28, 35, 49, 52, 53].map((bits) => 2n ** BigInt(bits));

function someNumber({ below }: Random): bigint {
  if (below(3) > 0) return BigInt(below(40));
  const near = BORDERS[below(BORDERS.length)]! + BigInt(below(5) - 2);
  return near < 0n ? 0n : near;
}

/** A varint with as many bytes more as it need not have. */
function tooLong(value: bigint, more: number): Bytes {
  const bytes = varint(value);
  bytes[bytes.length - 1]! |= 128;
  return bytesOf(bytes, ...Array(more - 1).fill(128), 0);
}

/** A command, which is right most of the time. */
function someCommand(random: Random): Bytes {
  const { below } = random;
  const kind = below(60);
  if (kind === 0) return tooLong(2n * someNumber(random) + 1n, 1 + below(3));
  if (kind === 1) return bytesOf(copyHead(someNumber(random)), tooLong(someNumber(random), 1 + below(3)));
  if (kind === 2) return bytesOf(copyHead(1n), zigzag(-someNumber(random)));
  if (kind === 3) return bytesOf(copyHead(0n), 0);
  if (kind < 14) return bytesOf(dataHead(BigInt(1 + kind)), randomBytes(kind, 1 + kind));
  return bytesOf(copyHead(1n + someNumber(random)), zigzag(below(4) > 0 ? someNumber(random) : -BigInt(below(20))));
}

const LONGEST = 2n ** 52n - 1n;

/** What may come first: nothing, or copies up to the last bytes of all that a basis or a target can have. */
const STARTS: readonly Bytes[] = [
  new Uint8Array(0),
  bytesOf(copyHead(LONGEST), zigzag(LONGEST)),
  bytesOf(copyHead(LONGEST), zigzag(0n), copyHead(LONGEST), zigzag(-LONGEST)),
];

/** All that a reader makes of a delta, its error included, and where it was after each command. */
function readAll(delta: Bytes, chunking: Chunking, copiesAtOnce: (() => number) | undefined): unknown[] {
  const bytes = new ByteReader("the delta");
  const reader = new RsyncStreamsDeltaReader(bytes);
  const all: unknown[] = [];
  const add = (event: DeltaEvent) => all.push([event, reader.position]);
  const left = chunks(delta, chunking);
  try {
    for (;;) {
      let most = copiesAtOnce?.() ?? 0;
      if (most > 0) {
        readShortCopies(reader, (offset, length) => {
          add({ type: "copy", offset, length });
          return --most > 0;
        });
      }
      const event = reader.next();
      if (event) add(event);
      if (event?.type === "end") return all;
      if (event) continue;
      const { done, value } = left.next();
      if (done) reader.end();
      else reader.write(value);
    }
  } catch (error) {
    assert.ok(error instanceof RsyncError, String(error));
    return [...all, error.message];
  }
}

Deno.test("short copies are the same commands and errors, read at once or one by one, in chunks of any length", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 3000; seed++) {
    const random = xorshift(seed);
    const commands = Array.from({ length: 1 + random.below(30) }, () => someCommand(random));
    const delta = bytesOf(deltaHead(), STARTS[random.below(STARTS.length)]!, ...commands, 0, 0);
    const expected = readAll(delta, "whole", undefined);
    for (const chunking of ["whole", { seed, most: 12 }, { seed, most: 90 }] as const) {
      const actual = readAll(delta, chunking, () => random.below(6));
      assert.deepEqual(actual, expected, `seed ${seed}, chunks ${JSON.stringify(chunking)}`);
    }
    seen.add(String(expected.at(-1)).replaceAll(/\d+/g, "0"));
  }
  // Numbers above 2^53, of too many bytes and in a longer form; copies of no bytes, and before and behind all that a
  // basis can have; a target that is too long, and one whose end says another length.
  assert.equal(seen.size, 8, [...seen].join("\n"));
});

Deno.test("readShortCopies() stops when nobody wants another one, and leaves all that is no copy", () => {
  const reader = new RsyncStreamsDeltaReader(new ByteReader("the delta"));
  const copy = bytesOf(copyHead(1n), zigzag(1n));
  const padding = new Uint8Array(8);
  reader.write(bytesOf(deltaHead(), copy, copy, copy, dataHead(1n), 7, padding));
  const offsets: number[] = [];
  const take = (offset: number) => offsets.push(offset) < 2;
  assert.equal(readShortCopies(reader, take), false, "before the header");
  assert.deepEqual(reader.next(), { type: "start", hasDigest: false });
  assert.equal(readShortCopies(reader, take), true);
  assert.deepEqual(offsets, [1, 3]);
  assert.equal(readShortCopies(reader, () => true), false);
  assert.deepEqual(reader.next(), { type: "data", bytes: Uint8Array.of(7) });
});

Deno.test("a patch counts the bytes of short copies, and says where a wrong one is", async () => {
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
