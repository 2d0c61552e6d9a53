/** Failures inside a stage: of a basis, of a callback, of the bytes. */
import assert from "node:assert/strict";
import {
  type BasisSource,
  decodeDeltaStream,
  deltaStream,
  loadSigs,
  patchStream,
  RsyncError,
  sigStream,
} from "rsync-streams";
import { toBytes } from "./_helpers.ts";
import {
  assertReleased,
  BASIS,
  type Bytes,
  CountingBasis,
  DELTA,
  endless,
  type Pair,
  reason,
  rejection,
  SIGS,
  TARGET,
} from "./_cancel.ts";
import { settle } from "./_until.ts";

const PATCHES: Record<string, { input: Bytes; stages: (basis: BasisSource) => Pair[] }> = {
  "delta to target": { input: DELTA, stages: (basis) => [patchStream(basis) as Pair] },
  "target to delta to target": {
    input: TARGET,
    stages: (basis) => [deltaStream(SIGS) as Pair, patchStream(basis) as Pair],
  },
};

const FAILING: Record<string, BasisSource["read"]> = {
  "throws": () => {
    throw reason;
  },
  "rejects": () => Promise.reject(reason),
  "rejects later": async () => {
    await settle();
    throw reason;
  },
};

for (const [name, { input, stages }] of Object.entries(PATCHES)) {
  for (const [how, read] of Object.entries(FAILING)) {
    Deno.test(`a basis whose read ${how} ends both ends with what it threw: ${name}`, async () => {
      let reads = 0;
      const pairs = stages({
        size: BASIS.length,
        read: (offset, length) => {
          if (++reads === 4) return read(offset, length);
          assert.ok(reads < 4, "the basis is read after it failed");
          return BASIS.subarray(offset, offset + Math.min(length, 1000));
        },
      });
      const origin = endless(input);
      let aborted: unknown;
      const sink = new WritableStream({
        abort: (why) => {
          aborted = why;
        },
      });
      const last = pairs.reduce(
        (readable: ReadableStream, pair) => readable.pipeThrough(pair as never),
        origin.readable,
      );
      assert.equal(await rejection(last.pipeTo(sink)), reason);
      await settle();
      assert.equal(aborted, reason);
      assert.equal(origin.seen.reason, reason);
      await assertReleased(pairs, origin.readable, new CountingBasis());
      assert.equal(reads, 4);
    });
  }
}

Deno.test("a seek or read callback that fails ends both ends of patchStream() with what it threw", async () => {
  const ok = { seek: () => {}, read: (_: Uint8Array, length: number) => length };
  const failure = () => {
    throw reason;
  };
  for (const basis of [{ ...ok, seek: failure }, { ...ok, read: failure }]) {
    const origin = endless(DELTA);
    assert.equal(await rejection(toBytes(origin.readable.pipeThrough(patchStream(basis)))), reason);
    await settle();
    assert.equal(origin.seen.reason, reason);
  }
});

Deno.test("bad bytes end both ends with the same RsyncError", async () => {
  const bad = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  for (const make of [() => patchStream(BASIS) as Pair, () => decodeDeltaStream() as Pair]) {
    const { readable, writable } = make();
    const writer = writable.getWriter();
    const write = rejection(writer.write(bad));
    const closed = rejection(writer.closed);
    const error = await rejection(readable.getReader().read());
    assert.ok(error instanceof RsyncError);
    assert.equal(await write, error);
    assert.equal(await closed, error);
  }
});

Deno.test("a failing onProgress ends both ends with what it threw", async () => {
  const options = {
    onProgress: () => {
      throw reason;
    },
  };
  const stages: [Pair, Bytes][] = [
    [sigStream(options) as Pair, BASIS.slice(0, 2000)],
    [deltaStream(SIGS, options) as Pair, BASIS.slice(0, 2000)],
    [patchStream(BASIS, options) as Pair, DELTA],
    [decodeDeltaStream(options) as Pair, DELTA],
  ];
  for (const [{ readable, writable }, input] of stages) {
    const writer = writable.getWriter();
    const closed = rejection(writer.closed);
    const reading = rejection(Array.fromAsync(readable));
    writer.write(input).catch(() => {});
    writer.close().catch(() => {});
    assert.equal(await reading, reason);
    assert.equal(await closed, reason);
  }
});

Deno.test("loadSigs() rejects with the reason of its source, and releases it", async () => {
  const failing = new ReadableStream<Bytes>({ pull: (controller) => controller.error(reason) });
  assert.equal(await rejection(loadSigs(failing)), reason);
  assert.equal(failing.locked, false);

  const { readable, seen } = endless(Uint8Array.of(1, 2, 3, 4, 5));
  const error = await rejection(loadSigs(readable));
  assert.ok(error instanceof RsyncError && error.code === "bad-magic");
  assert.equal(seen.reason, error);
  assert.equal(readable.locked, false);
});
