/** What a signature's signer asks of the kernel, and makes of it: the sums themselves are played here. */
import assert from "node:assert/strict";
import type { SigEvent } from "../src/engine/interface.ts";
import { Signer } from "../src/engine/signer.ts";
import { BUSY, DONE } from "../src/engine/stage.ts";
import type { BlockSummer, Kernel, SumBatch } from "../src/kernel/interface.ts";
import { assertBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MIB = 2 ** 20;

/** Has as many records for each call as it is told. */
class PlayedSums implements BlockSummer {
  readonly summed: Bytes[] = [];
  readonly finished: boolean[] = [];
  readonly #counts: number[];

  constructor(counts: number[]) {
    this.#counts = [...counts];
  }

  sum(bytes: Uint8Array): SumBatch {
    this.summed.push(bytes.slice());
    return this.#batch();
  }

  finish(hasShort: boolean): SumBatch {
    this.finished.push(hasShort);
    return this.#batch();
  }

  #batch(): SumBatch {
    return { count: this.#counts.shift() ?? 0, weak: new Uint32Array(0), strong: new Uint8Array(0) };
  }
}

function signerOf(sums: PlayedSums, blockLength: number, hasShortBlock = true, digested?: Bytes[]) {
  const header = {
    weakSum: "rollsum",
    strongSum: "blake3",
    strongLength: 8,
    blockLength,
    hasDigest: !!digested,
  } as const;
  const digest = digested && {
    update: (bytes: Uint8Array) => void digested.push(bytes.slice()),
    digest: () => Uint8Array.of(0xab, 0xcd),
    release() {},
  };
  const kernel = { summer: () => sums } as unknown as Kernel;
  return { header, signer: new Signer({ kernel, header, hasShortBlock, digest }) };
}

/** In short, what comes up to where input is needed, or to the end. */
function drained(signer: Signer): (SigEvent | "busy" | number)[] {
  const events: (SigEvent | "busy" | number)[] = [];
  for (;;) {
    const event = signer.next();
    if (event === undefined || event === DONE) return events;
    events.push(event === BUSY ? "busy" : event.type === "records" ? event.batch.count : event);
  }
}

for (const [blockLength, turn] of [[16, 8192 * 16], [128, MIB], [1024, MIB], [2 ** 30, MIB]] as const) {
  Deno.test(`a signer sums 1 MiB or 8192 blocks at a time: blocks of ${blockLength} bytes`, () => {
    const sums = new PlayedSums([]);
    const digested: Bytes[] = [];
    const { signer } = signerOf(sums, blockLength, true, digested);
    const basis = randomBytes(1, 2 * turn + 5);
    signer.write(basis);
    drained(signer);
    assert.deepEqual(sums.summed.map(({ length }) => length), [turn, turn, 5]);
    assertBytes(concat(sums.summed), basis, "what is summed");
    assertBytes(concat(digested), basis, "what is digested");
  });
}

Deno.test("a signer returns header, records and trailer, and says that it has worked where there is no record", () => {
  const sums = new PlayedSums([0, 3, 0, 5, 2]);
  const { signer, header } = signerOf(sums, 1024);
  assert.deepEqual(drained(signer), [{ type: "header", header }]);
  for (
    const [chunk, expected] of [[new Uint8Array(10), ["busy"]], [new Uint8Array(MIB + 1), [3, "busy"]], [
      new Uint8Array(7),
      [5],
    ], [new Uint8Array(0), []]] as const
  ) {
    signer.write(chunk);
    assert.deepEqual(drained(signer), expected);
  }
  signer.end();
  const fileLength = MIB + 18;
  assert.deepEqual(drained(signer), [2, { type: "end", trailer: { fileLength } }]);
  assert.equal(signer.next(), DONE);
  assert.deepEqual(signer.stats, { bytesIn: fileLength, bytesOut: 0, sigCount: 10 });
});

for (const hasShortBlock of [true, false]) {
  Deno.test(`a signer asks once for the blocks that are left, of an empty basis too: ${hasShortBlock}`, () => {
    const sums = new PlayedSums([]);
    const { signer, header } = signerOf(sums, 1024, hasShortBlock, []);
    signer.end();
    const trailer = { fileLength: 0, digest: Uint8Array.of(0xab, 0xcd) };
    assert.deepEqual(drained(signer), [{ type: "header", header }, "busy", { type: "end", trailer }]);
    assert.deepEqual(sums.finished, [hasShortBlock]);
    assert.deepEqual(sums.summed, []);
    assert.equal(signer.stats.digest, "abcd");
  });
}
