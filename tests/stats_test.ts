/** What streams count, and when they report progress. */
import assert from "node:assert/strict";
import { decodeDeltaStream, deltaStream, encodeDeltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { chunks, makeSig, SALT, sha256, source, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";
import { type Anything, BASIS, type Bytes, DELTA, QUICK, SIGS, TARGET } from "./_small_files.ts";

Deno.test("Signature.digest is the one that the stats had, in hexadecimal digits", async () => {
  const { bytes, stats } = await makeSig(BASIS, { ...QUICK, digest: true });
  const sigs = await loadSigs(bytes);
  assert.equal(sigs.digest, await sha256(BASIS));
  assert.equal(sigs.digest, stats.digest);
});

Deno.test("stats are final once the streams have closed", async () => {
  const sig = sigStream({ ...QUICK, digest: true });
  const sigBytes = await toBytes(source(BASIS, 777).pipeThrough(sig));
  const signed = { bytesIn: BASIS.length, bytesOut: sigBytes.length, sigCount: 11 };
  assert.deepEqual({ ...sig.stats }, { ...signed, digest: await sha256(BASIS) });
  const plain = sigStream({ ...QUICK, salt: SALT });
  await toBytes(source(BASIS, 777).pipeThrough(plain));
  assert.deepEqual({ ...plain.stats }, { ...signed, bytesOut: sigBytes.length - 32 });

  const delta = deltaStream(await loadSigs(sigBytes));
  const deltaBytes = await toBytes(source(TARGET, 777).pipeThrough(delta));
  // The short last block is not at the end of the target.
  const copiedBytes = 9 * 1024;
  const literalBytes = TARGET.length - copiedBytes;
  assert.deepEqual({ ...delta.stats }, {
    bytesIn: TARGET.length,
    bytesOut: deltaBytes.length,
    sigCount: 11,
    falseAlarms: 0,
    goodAlarms: 9,
    copiedBytes,
    literalBytes,
    digest: await sha256(TARGET),
  });

  const patched = patchStream(BASIS);
  await toBytes(source(deltaBytes, 777).pipeThrough(patched));
  const made = { bytesOut: TARGET.length, copiedBytes, literalBytes };
  assert.deepEqual({ ...patched.stats }, { bytesIn: deltaBytes.length, ...made, digest: await sha256(TARGET) });

  const decoded = decodeDeltaStream();
  const commands = await Array.fromAsync(source(deltaBytes, 777).pipeThrough(decoded));
  const digest = await sha256(TARGET);
  assert.deepEqual({ ...decoded.stats }, { bytesIn: deltaBytes.length, ...made, digest });

  const encoded = encodeDeltaStream();
  const again = await toBytes(ReadableStream.from(commands).pipeThrough(encoded));
  const coded = { bytesIn: literalBytes, bytesOut: again.length, copiedBytes, literalBytes };
  assert.deepEqual({ ...encoded.stats }, { ...coded, digest });
});

Deno.test("stats can be read while the streams work", async () => {
  const { readable, writable, stats } = patchStream(new Uint8Array());
  const data = randomBytes(4, 600_000);
  const commands = ReadableStream.from([{ data }]).pipeThrough(encodeDeltaStream());
  const piped = source(await toBytes(commands), 10_000).pipeTo(writable as WritableStream<Bytes>);
  let received = 0;
  for await (const chunk of readable) {
    received += chunk.length;
    assert.equal(stats.bytesOut, received);
    assert.ok(stats.bytesIn >= received);
  }
  await piped;
  assert.equal(received, data.length);
});

/** Runs with a clock that stands still unless it is told. */
async function withClock(work: (advance: (ms: number) => void) => Promise<void>): Promise<void> {
  let clock = 1000;
  const { now } = performance;
  Object.defineProperty(performance, "now", { value: () => clock, configurable: true, writable: true });
  try {
    await work((ms) => clock += ms);
  } finally {
    Object.defineProperty(performance, "now", { value: now, configurable: true, writable: true });
  }
}

type Progress = { onProgress: (stats: Anything) => void };

const STAGES: Record<string, [make: (options: Progress) => Anything, input: Bytes]> = {
  "sigStream()": [(options) => sigStream({ ...QUICK, ...options }), BASIS],
  "deltaStream()": [(options) => deltaStream(SIGS, options), TARGET],
  "patchStream()": [(options) => patchStream(BASIS, options), DELTA],
  "decodeDeltaStream()": [(options) => decodeDeltaStream(options), DELTA],
};

for (const [name, [make, input]] of Object.entries(STAGES)) {
  Deno.test(`${name} calls onProgress once, at the end, if it takes no time`, () =>
    withClock(async () => {
      const seen: Anything[] = [];
      const pair = make({ onProgress: (stats) => seen.push({ ...stats }) });
      await Array.fromAsync(source(input, 10).pipeThrough(pair));
      assert.deepEqual(seen, [{ ...pair.stats }]);
      assert.equal(pair.stats.bytesIn, input.length);
    }));

  Deno.test(`${name} calls onProgress at most every 100 ms, and at the end`, () =>
    withClock(async (advance) => {
      const calls: number[] = [];
      let clock = 0;
      const pair = make({
        onProgress: ({ bytesIn }) => {
          calls.push(clock);
          assert.ok(bytesIn <= input.length);
        },
      });
      const output = Array.fromAsync(pair.readable);
      const writer = pair.writable.getWriter();
      for (const chunk of chunks(input, Math.ceil(input.length / 100))) {
        advance(30);
        clock += 30;
        await writer.write(chunk);
      }
      await writer.close();
      await output;
      const between = calls.slice(1, -1).map((call, i) => call - calls[i]!);
      assert.ok(between.every((ms) => ms >= 100), `calls ${between} ms apart`);
      // Some 100 chunks in steps of 30 ms: a call for each four of them, and one at the end.
      assert.ok(calls.length >= clock / 120 - 1, `${calls.length} calls in ${clock} ms`);
      assert.ok(calls.length <= clock / 100 + 1, `${calls.length} calls in ${clock} ms`);
    }));
}
