/** Files that were cut or flipped anywhere, and any bytes at all: a known error, or the right result. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeDeltaStream, loadSigs, patchStream, type SigStreamOptions } from "rsync-streams";
import { type Layer, layeredSigStream } from "rsync-streams/sync";
import { assertBytes, type Chunking, makeDelta, makeSig, makeSigs, patch, SALT, source, toBytes } from "./_helpers.ts";
import { concat } from "./_recipes.ts";
import {
  assertFails,
  BASIS,
  type Bytes,
  bytesOf,
  deltaHead,
  flips,
  outcome,
  sigHead,
  TARGET,
  u32,
} from "./_hostile.ts";

interface Small extends SigStreamOptions {
  blockLength: number;
  /** Of a layered signature. */
  layers?: Layer[];
}

const QUICK = { strongSum: "blake3", strongLength: 8 } as const;
const SMALL: Record<string, Small> = {
  "rabinkarp": { ...QUICK, blockLength: 64 },
  "rabinkarp and a digest": { ...QUICK, blockLength: 64, digest: true },
  "rabinkarp, no short block": { ...QUICK, blockLength: 100 },
  "rollsum": { ...QUICK, blockLength: 64, weakSum: "rollsum" },
  "rollsum and a digest": { ...QUICK, blockLength: 64, weakSum: "rollsum", digest: true },
  "2 bytes of strong sum": { blockLength: 64, strongSum: "blake2b", strongLength: 2 },
  "layered": { blockLength: 64, layers: [{ blockLength: 128, strongLength: 8 }, { blockLength: 64, strongLength: 8 }] },
  "luapower": { blockLength: 64, format: "luapower" },
};

async function smallSig({ layers, ...options }: Small): Promise<Bytes> {
  if (!layers) return (await makeSig(BASIS, options)).bytes;
  return await toBytes(source(BASIS).pipeThrough(layeredSigStream({ layers, salt: SALT })));
}

function told({ format, blockLength }: Small): { format?: "luapower"; blockLength?: number } {
  return format === "luapower" ? { format, blockLength } : {};
}

// ---- signatures: every prefix, every byte

for (const [name, options] of Object.entries(SMALL)) {
  Deno.test(`loadSigs() rejects every prefix of a signature: ${name}`, async () => {
    const bytes = await smallSig(options);
    for (let length = 0; length < bytes.length; length++) {
      // Luapower's records are all alike: what can be told is a record that is cut.
      if (options.format === "luapower" && length % 36 === 0) {
        assert.equal((await loadSigs(bytes.slice(0, length), told(options))).sigCount, length / 36);
        continue;
      }
      for (const chunking of ["whole", 1] as Chunking[]) {
        await assertFails(
          loadSigs(source(bytes.slice(0, length), chunking), told(options)),
          "truncated",
          undefined,
          length,
        );
      }
    }
  });

  Deno.test(`a signature with any byte flipped is an error, or its delta gives the target: ${name}`, async () => {
    const bytes = await smallSig(options);
    let errors = 0;
    let targets = 0;
    for (const { at, flipped } of flips(bytes)) {
      const ends = [];
      for (const chunking of ["whole", 7] as Chunking[]) {
        ends.push(
          await outcome(
            (async () => {
              const sigs = await loadSigs(source(flipped, chunking), told(options));
              const { bytes: delta } = await makeDelta(TARGET, sigs);
              return await patch(BASIS, delta, told(options));
            })(),
            flipped.length,
          ),
        );
      }
      for (const end of ends) {
        if (typeof end !== "string") assertBytes(end, TARGET, `target bytes with byte ${at} flipped`);
      }
      assert.deepEqual(ends[0], ends[1], "what comes of it does not depend on chunks");
      if (typeof ends[0] === "string") errors++;
      else targets++;
    }
    // Sums of blocks can be wrong: their blocks are not found.
    assert.ok(targets >= 100, `${targets} deltas gave the target`);
    if (options.format !== "luapower") {
      assert.ok(errors >= 100, `${errors} errors: most of header and trailer is checked`);
    }
  });
}

// ---- deltas: every prefix, every byte

interface SmallDelta {
  digest: boolean;
  sig: Small;
}

const DELTAS: Record<string, SmallDelta> = {
  "with a digest": { digest: true, sig: { ...QUICK, blockLength: 64 } },
  "without a digest": { digest: false, sig: { ...QUICK, blockLength: 64 } },
};

for (const [name, { digest, sig }] of Object.entries(DELTAS)) {
  Deno.test(`patchStream() and decodeDeltaStream() reject every prefix of a delta ${name}`, async () => {
    const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, sig), { digest });
    for (let length = 0; length < bytes.length; length++) {
      for (const chunking of ["whole", 1] as Chunking[]) {
        const prefix = () => source(bytes.slice(0, length), chunking);
        await assertFails(toBytes(prefix().pipeThrough(patchStream(BASIS))), "truncated", undefined, length);
        await assertFails(Array.fromAsync(prefix().pipeThrough(decodeDeltaStream())), "truncated", undefined, length);
      }
    }
  });
}

Deno.test("patchStream() gives the target or an error for every byte of a delta with a digest flipped", async () => {
  for (const strongSum of ["blake3", "blake2b"] as const) {
    const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, { blockLength: 64, strongSum }));
    assertBytes(await patch(BASIS, bytes), TARGET, "target bytes");
    for (const { at, flipped } of flips(bytes)) {
      const ends = [
        await outcome(patch(BASIS, flipped), flipped.length),
        await outcome(patch(BASIS, flipped, {}, 5), flipped.length),
      ];
      assert.deepEqual(ends[0], ends[1], "what comes of it does not depend on chunks");
      if (typeof ends[0] !== "string") assertBytes(ends[0]!, TARGET, `target bytes with byte ${at} flipped`);
    }
  }
});

Deno.test("patchStream() makes the told length or fails for every flipped byte of a delta with no digest", async () => {
  const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, { ...QUICK, blockLength: 64 }), { digest: false });
  let made = 0;
  for (const { at, flipped } of flips(bytes)) {
    const end = await outcome(patch(BASIS, flipped), flipped.length);
    if (typeof end === "string") continue;
    made++;
    assert.equal(end.length, TARGET.length, `length of the target with byte ${at} flipped`);
  }
  // Each bit of the literals, at least.
  assert.ok(made > 9 * 39, `${made} targets were made`);
});

/** Where the commands of a luapower delta start, and where the last ends. */
function borders(delta: Bytes): number[] {
  const view = new DataView(delta.buffer);
  const out = [0];
  for (let at = 0; at < delta.length;) {
    at += delta[at] === 2 ? 6 : 5 + view.getUint32(at + 1, true);
    out.push(at);
  }
  return out;
}

Deno.test("patchStream() rejects a luapower delta that is cut in a command", async () => {
  const options = SMALL.luapower!;
  const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, options));
  const whole = borders(bytes);
  assert.ok(whole.length > 4, "a few commands");
  for (let length = 0; length < bytes.length; length++) {
    for (const chunking of ["whole", 1] as Chunking[]) {
      const work = patch(BASIS, bytes.slice(0, length), told(options), chunking);
      // Between two commands it looks whole: this is what the format cannot tell.
      if (whole.includes(length)) await work;
      else await assertFails(work, "truncated", undefined, length);
    }
  }
});

Deno.test("patchStream() rejects each opcode of a luapower delta that is none", async () => {
  const options = SMALL.luapower!;
  const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, options));
  for (const at of borders(bytes).slice(0, -1)) {
    for (let opcode = 0; opcode < 256; opcode++) {
      if (opcode === 1 || opcode === 2) continue;
      const wrong = bytes.slice();
      wrong[at] = opcode;
      await assertFails(patch(BASIS, wrong, told(options)), "unknown-command", at, wrong.length);
    }
  }
});

Deno.test("patchStream() ends in a known error or well for every byte of a luapower delta flipped", async () => {
  const options = SMALL.luapower!;
  const { bytes } = await makeDelta(TARGET, await makeSigs(BASIS, options));
  const seen = new Set<string>();
  for (const { flipped } of flips(bytes)) {
    const end = await outcome(patch(BASIS, flipped, told(options)), flipped.length);
    seen.add(typeof end === "string" ? end.split(" ")[0]! : "well");
  }
  assert.deepEqual([...seen].sort(), ["copy-out-of-range", "truncated", "unknown-command", "well"]);
});

// ---- noise

Deno.test("loadSigs(), patchStream() and decodeDeltaStream() end in a known error or well for any bytes", async () => {
  const heads = [
    Uint8Array.of(),
    sigHead({ weakSum: 2, strongSum: 3, blockLength: 64 }),
    sigHead({ flags: 1, strongLength: 2 }),
    bytesOf(sigHead({ flags: 3 }), 1, u32(16), 8),
    deltaHead(),
    deltaHead({ digest: 4 }),
  ];
  const command = fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.nat(6).map((byte) => Uint8Array.of(byte)));
  const arbitrary = fc.tuple(fc.constantFrom(...heads), fc.array(command, { maxLength: 8 }))
    .map(([head, rest]) => concat([head, ...rest]));
  // A delta may ask for 2^52 bytes of the basis it has: not so here.
  const limits = { maxOutputLength: 100_000 };
  const seen = new Set<string>();
  const note = async (work: Promise<Bytes>, length: number) => {
    const end = await outcome(work, length);
    seen.add(typeof end === "string" ? end.split(" ")[0]! : "well");
  };
  await fc.assert(
    fc.asyncProperty(arbitrary, fc.integer({ min: 1, max: 9 }), async (bytes, chunking) => {
      for (const format of [{}, { format: "luapower", blockLength: 16 }] as const) {
        await note(loadSigs(source(bytes, chunking), format).then(() => bytes), bytes.length);
        await note(patch(BASIS, bytes, { ...format, ...limits }, chunking), bytes.length);
        const commands = source(bytes, chunking).pipeThrough(decodeDeltaStream(format));
        await note(Array.fromAsync(commands).then(() => bytes), bytes.length);
      }
    }),
    // The rarest of the ends below comes about once in a hundred runs.
    { numRuns: 2000 },
  );
  for (const end of ["well", "bad-magic", "truncated", "unsupported", "unknown-command"]) {
    assert.ok(seen.has(end), `nothing ended in ${end}`);
  }
});
