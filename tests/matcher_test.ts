/** What a delta's matcher asks of a search, and makes of what that finds: the search itself is played here. */
import assert from "node:assert/strict";
import type { DeltaEvent } from "../src/engine/interface.ts";
import { Matcher } from "../src/engine/matcher.ts";
import { BUSY, DONE } from "../src/engine/stage.ts";
import type { Searcher } from "../src/kernel/interface.ts";
import { assertBytes } from "./_helpers.ts";
import { concat, type Random, randomBytes, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Part = DeltaEvent | typeof BUSY;

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/** A match at a place of the target. */
interface Match {
  start: number;
  block: number;
  length: number;
}

/** Finds what it is told to find, and decides some of what it sees, by dice. */
class PlayedSearch implements Searcher {
  readonly calls: { length: number; isLast: boolean }[] = [];
  matches: Uint32Array = new Uint32Array(0);
  settled = 0;
  isCutShort = false;
  falseAlarms = 0;
  goodAlarms = 0;
  releases = 0;
  /** Where the window starts in the target. */
  #start = 0;
  readonly #found: Match[];
  readonly #dice: Random | undefined;

  /** @param dice If there are none, everything is decided at once. */
  constructor(found: Match[] = [], dice?: Random) {
    this.#found = [...found];
    this.#dice = dice;
  }

  search(window: readonly Uint8Array[], isLast: boolean): number {
    const length = window.reduce((sum, piece) => sum + piece.length, 0);
    this.calls.push({ length, isLast });
    this.isCutShort = this.#dice?.below(4) === 0;
    const isAll = !this.#dice || isLast && !this.isCutShort;
    const wanted = isAll ? length : this.settled + this.#dice!.below(length - this.settled + 1);
    // A match is decided as a whole.
    const split = this.#found.find(({ start, length }) =>
      start < this.#start + wanted && start + length > this.#start + wanted
    );
    this.settled = split ? Math.max(this.settled, split.start - this.#start) : wanted;
    const end = this.#start + this.settled;
    const done = this.#found.filter(({ start, length }) => start + length <= end);
    this.#found.splice(0, done.length);
    // The rest of the numbers belongs to nobody.
    const numbers = done.flatMap(({ start, block, length }) => [start - this.#start, block, length]);
    this.matches = Uint32Array.from([...numbers, 7, 7, 7]);
    this.goodAlarms += done.length;
    this.falseAlarms = this.calls.length;
    return done.length;
  }

  shift(length: number): void {
    assert.ok(length > 0 && length <= this.settled, `a shift of ${length}, ${this.settled} are decided`);
    this.#start += length;
    this.settled -= length;
  }

  release(): void {
    this.releases++;
  }
}

function matcherOf(searcher: Searcher, blockLength: number, digested?: Bytes[]): Matcher {
  const digest = digested && {
    update: (bytes: Uint8Array) => void digested.push(bytes.slice()),
    digest: () => Uint8Array.of(0xab, 0xcd),
    release() {},
  };
  return new Matcher({ searcher, blockLength, sigCount: 77, digest });
}

/** Everything up to the next call that needs input, or the end. Data is copied: its place is only lent. */
function drained(matcher: Matcher): Part[] {
  const parts: Part[] = [];
  for (;;) {
    const part = matcher.next();
    if (part === undefined || part === DONE) return parts;
    parts.push(part !== BUSY && part.type === "data" ? { type: "data", bytes: part.bytes.slice() } : part);
  }
}

/** Writes chunks one after the other, each of which is overwritten as soon as it is used up. */
function matched(matcher: Matcher, chunks: Bytes[]): Part[] {
  const parts = drained(matcher);
  for (const chunk of chunks) {
    matcher.write(chunk);
    parts.push(...drained(matcher));
    chunk.fill(0xee);
  }
  matcher.end();
  parts.push(...drained(matcher));
  assert.equal(matcher.next(), DONE);
  return parts;
}

function chunksOf(bytes: Bytes, length: number): Bytes[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => bytes.slice(i * length, (i + 1) * length));
}

for (
  const [blockLength, wanted] of [[16, 128 * KIB], [64 * KIB, 128 * KIB], [65 * KIB, 130 * KIB], [
    2 * MIB,
    4 * MIB,
  ], [2 ** 30, 4 * MIB]] as const
) {
  Deno.test(`a search waits for 128 KiB or two blocks, 4 MiB at most: blocks of ${blockLength} bytes`, () => {
    const search = new PlayedSearch();
    matched(matcherOf(search, blockLength), chunksOf(new Uint8Array(2 * wanted + KIB), KIB));
    assert.deepEqual(search.calls, [
      { length: wanted, isLast: false },
      { length: wanted, isLast: false },
      { length: KIB, isLast: true },
    ]);
  });
}

Deno.test("of a long chunk 256 KiB are taken in at a time, and others can work after each MiB", () => {
  const target = randomBytes(1, 3 * MIB + 100 * KIB);
  const digested: Bytes[] = [];
  const search = new PlayedSearch();
  const matcher = matcherOf(search, 1024, digested);
  matcher.write(target);
  const worked: number[] = [];
  for (let part = matcher.next(); part !== undefined; part = matcher.next()) {
    if (part === BUSY) worked.push(matcher.stats.bytesIn);
  }
  assert.deepEqual(worked, [MIB, 2 * MIB, 3 * MIB]);
  assert.deepEqual(digested.slice(0, -1).map(({ length }) => length), Array(12).fill(256 * KIB));
  assert.equal(digested.at(-1)!.length, 100 * KIB);
  assertBytes(concat(digested), target);
  assert.deepEqual(search.calls.map(({ length }) => length), Array(12).fill(256 * KIB));
  // What was taken in of a chunk before counts too.
  matcher.write(new Uint8Array(MIB - 100 * KIB));
  while (matcher.next() !== BUSY);
  assert.equal(matcher.stats.bytesIn, 4 * MIB);
  while (matcher.next() !== undefined);
  matcher.write(new Uint8Array(MIB - 1));
  assert.ok(!drained(matcher).includes(BUSY));
  matcher.write(new Uint8Array(1));
  assert.equal(matcher.next(), BUSY);
});

Deno.test("a search that was cut short goes on with the same bytes, after others could work", () => {
  const search = new PlayedSearch();
  const matcher = matcherOf(search, 1024);
  assert.deepEqual(matcher.next(), { type: "start", hasDigest: false });
  matcher.write(new Uint8Array(128 * KIB));
  const cut = search.search.bind(search);
  let left = 3;
  search.search = (window, isLast) => {
    const count = cut(window, isLast);
    search.settled = 0;
    search.isCutShort = --left > 0;
    return count;
  };
  assert.deepEqual([1, 2, 3].map(() => matcher.next()), [BUSY, BUSY, undefined]);
  assert.deepEqual(search.calls, Array(3).fill({ length: 128 * KIB, isLast: false }));
});

for (const longest of [1, 40, 5000, 200_000]) {
  Deno.test(`a matcher returns each byte once, in order: matches of up to ${longest} bytes`, () => {
    for (let seed = 1; seed <= 12; seed++) {
      const dice = xorshift(seed);
      const target = randomBytes(seed, dice.below(8 * longest + 1000));
      const found: Match[] = [];
      for (let at = dice.below(3) * dice.below(longest); at < target.length;) {
        const length = Math.min(1 + dice.below(longest), target.length - at);
        found.push({ start: at, block: dice.below(2 ** 32), length });
        at += length + dice.below(3) * dice.below(longest);
      }
      const search = new PlayedSearch(found, dice);
      const matcher = matcherOf(search, 4096, []);
      const chunkLength = 1 + dice.below(Math.max(100, longest));
      const parts = matched(matcher, chunksOf(target, chunkLength)).filter((part) => part !== BUSY);

      assert.deepEqual(parts[0], { type: "start", hasDigest: true });
      const digest = Uint8Array.of(0xab, 0xcd);
      assert.deepEqual(parts.at(-1), { type: "end", targetLength: target.length, digest });
      const copies = parts.flatMap((part) => part.type === "copy" ? [part] : []);
      const expected = found.map(({ block, length }) => ({ type: "copy", offset: block * 4096, length }));
      assert.deepEqual(copies, expected);
      let at = 0;
      for (const part of parts) {
        if (part.type === "data") {
          assert.ok(part.bytes.length > 0);
          assertBytes(part.bytes, target.subarray(at, at + part.bytes.length), `data at ${at}`);
          at += part.bytes.length;
        } else if (part.type === "copy") {
          assert.equal(at, found[copies.indexOf(part)]!.start, "a copy stands where it was found");
          at += part.length;
        }
      }
      assert.equal(at, target.length);
      const copiedBytes = found.reduce((sum, { length }) => sum + length, 0);
      assert.deepEqual(matcher.stats, {
        bytesIn: target.length,
        bytesOut: 0,
        sigCount: 77,
        falseAlarms: search.calls.length,
        goodAlarms: found.length,
        copiedBytes,
        literalBytes: target.length - copiedBytes,
        digest: "abcd",
      });
    }
  });
}

Deno.test("a matcher searches the end of a target once, of an empty one too, and gives its search back", () => {
  for (const length of [0, 1, 128 * KIB]) {
    const search = new PlayedSearch();
    const matcher = matcherOf(search, 1024);
    const parts = matched(matcher, chunksOf(new Uint8Array(length), 2 ** 30));
    assert.equal(search.calls.filter(({ isLast }) => isLast).length, 1);
    assert.deepEqual(search.calls.at(-1)!.isLast, true);
    assert.deepEqual(parts.at(-1), { type: "end", targetLength: length, digest: undefined });
    assert.equal("digest" in matcher.stats, false);
    assert.equal(search.releases, 0);
    matcher.release();
    assert.equal(search.releases, 1);
  }
});
