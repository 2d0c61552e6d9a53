import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeDeltaStream,
  type DeltaCommand,
  encodeDeltaStream,
  type Format,
  loadSigs,
  RsyncError,
  type SigStreamOptions,
  type StrongSum,
  type WeakSum,
} from "rsync-streams";
import { chunkings, files } from "./_edited_files.ts";
import { assertBytes, type Chunking, makeDelta, makeSig, patch, source, toBytes } from "./_helpers.ts";
import { make } from "./_recipes.ts";

/** What a property needs to know of a format. A format more is a line more. */
interface FormatTraits {
  format: Format;
  weakSums: readonly WeakSum[];
  strongSums: readonly StrongSum[];
  strongLengths: readonly [least: number, most: number];
  leastBlockLength: number;
  /** Whether signature and delta have a place for a digest. */
  hasDigest: boolean;
  /** Whether copies are of whole blocks, whose length the caller has to tell. */
  isBlockwise: boolean;
}

const FORMATS: readonly FormatTraits[] = [
  {
    format: "rsync-streams",
    weakSums: ["rabinkarp", "rollsum"],
    strongSums: ["blake3", "blake2b"],
    strongLengths: [2, 32],
    leastBlockLength: 16,
    hasDigest: true,
    isBlockwise: false,
  },
  {
    format: "librsync",
    weakSums: ["rabinkarp", "rollsum"],
    strongSums: ["blake2b", "md4"],
    strongLengths: [8, 16],
    leastBlockLength: 1,
    hasDigest: false,
    isBlockwise: false,
  },
  {
    format: "luapower",
    weakSums: ["rollsum"],
    strongSums: ["blake2sp"],
    strongLengths: [32, 32],
    leastBlockLength: 1,
    hasDigest: false,
    isBlockwise: true,
  },
];

type Bytes = Uint8Array<ArrayBuffer>;

/** What tells a format that does not tell itself. */
function told({ format, isBlockwise }: FormatTraits, blockLength: number) {
  return isBlockwise ? { format, blockLength } : {};
}

function sigOptions(traits: FormatTraits): fc.Arbitrary<SigStreamOptions & { blockLength: number }> {
  const [least, most] = traits.strongLengths;
  return fc.record({
    weakSum: fc.constantFrom(...traits.weakSums),
    strongSum: fc.constantFrom(...traits.strongSums),
    strongLength: fc.integer({ min: least, max: most }),
    digest: traits.hasDigest ? fc.boolean() : fc.constant(false),
    extra: fc.oneof(fc.nat(40), fc.nat(700), fc.constant(5000)),
  }).map(({ extra, ...options }) => ({
    ...options,
    format: traits.format,
    blockLength: traits.leastBlockLength + extra,
  }));
}

async function load(traits: FormatTraits, options: { blockLength: number }, sig: Bytes, how?: Chunking) {
  return await loadSigs(source(sig, how), told(traits, options.blockLength));
}

// ---- properties

const IS_SLOW = Deno.env.get("RSYNC_STREAMS_SLOW") === "1";

/** A test of a property, and a longer one for CI. */
function check<T>(name: string, numRuns: number, property: fc.IAsyncProperty<T>): void {
  const run = (times: number) => fc.assert(property, { numRuns: times * numRuns });
  Deno.test(name, () => run(1));
  Deno.test({
    name: `${name} (ten times the runs: SKIPPED unless RSYNC_STREAMS_SLOW=1)`,
    ignore: !IS_SLOW,
    fn: () => run(10),
  });
}

for (const from of FORMATS) {
  for (const to of FORMATS) {
    const names = `a ${from.format} signature and a ${to.format} delta`;
    const deltaOptions = fc.record({
      digest: to.hasDigest ? fc.boolean() : fc.constant(false),
      memLength: fc.option(fc.integer({ min: 1, max: 4000 }), { nil: undefined }),
    });

    check(
      `patch(basis, delta(sig(basis), target)) is the target, however it is chunked: ${names}`,
      120,
      fc.asyncProperty(
        files,
        sigOptions(from),
        deltaOptions,
        chunkings,
        async ({ basis, target }, options, more, cuts) => {
          const sig = await makeSig(basis, options, cuts[0]);
          const sigs = await load(from, options, sig.bytes, cuts[1]);
          const delta = await makeDelta(target, sigs, { format: to.format, ...more }, cuts[2]);
          const patched = await patch(basis, delta.bytes, told(to, options.blockLength), cuts[3]);

          assertBytes(patched, target, "target bytes");
          assert.equal(delta.stats.copiedBytes + delta.stats.literalBytes, target.length);
          assert.equal(delta.stats.sigCount, sig.stats.sigCount);
        },
      ),
    );

    check(
      `sigStream() and deltaStream() give the same bytes however the input is chunked: ${names}`,
      25,
      fc.asyncProperty(files, sigOptions(from), chunkings, async ({ basis, target }, options, cuts) => {
        const sig = (await makeSig(basis, options)).bytes;
        const sigs = await load(from, options, sig);
        const delta = (await makeDelta(target, sigs, { format: to.format })).bytes;
        for (const cut of [1, ...cuts] as Chunking[]) {
          assertBytes((await makeSig(basis, options, cut)).bytes, sig, "signature bytes");
          assertBytes((await makeDelta(target, sigs, { format: to.format }, cut)).bytes, delta, "delta bytes");
        }
      }),
    );

    check(
      `decodeDeltaStream() then encodeDeltaStream() gives the same delta: ${names}`,
      60,
      fc.asyncProperty(
        files,
        sigOptions(from),
        deltaOptions,
        chunkings,
        async ({ basis, target }, options, more, cuts) => {
          const sigs = await load(from, options, (await makeSig(basis, options)).bytes);
          const delta = await makeDelta(target, sigs, { format: to.format, ...more });
          const same = { format: to.format, ...told(to, options.blockLength) };
          const again = await toBytes(
            source(delta.bytes, cuts[0]).pipeThrough(decodeDeltaStream(same)).pipeThrough(encodeDeltaStream(same)),
          );
          assertBytes(again, delta.bytes, "delta bytes");
        },
      ),
    );
  }
}

/** Whether a format that copies whole blocks can say it. */
function isBlockwise(commands: DeltaCommand[], blockLength: number): boolean {
  return commands.every(({ copy }) => !copy || copy.offset % blockLength === 0 && copy.length % blockLength === 0);
}

for (const from of FORMATS) {
  for (const to of FORMATS.filter((one) => one !== from)) {
    const limit = to.isBlockwise && !from.isBlockwise ? " if it copies whole blocks, and is refused if not" : "";
    check(
      `a delta transcoded from ${from.format} to ${to.format} patches the same${limit}`,
      80,
      fc.asyncProperty(files, sigOptions(from), chunkings, async ({ basis, target }, options, cuts) => {
        const sigs = await load(from, options, (await makeSig(basis, options)).bytes);
        const delta = (await makeDelta(target, sigs)).bytes;
        const decode = () => source(delta, cuts[0]).pipeThrough(decodeDeltaStream(told(from, options.blockLength)));
        const other = { format: to.format, ...told(to, options.blockLength) };
        const isSayable = !to.isBlockwise || isBlockwise(await Array.fromAsync(decode()), options.blockLength);
        const transcoded = toBytes(decode().pipeThrough(encodeDeltaStream(other)));

        if (isSayable) assertBytes(await patch(basis, await transcoded, other, cuts[1]), target, "target bytes");
        else await assert.rejects(transcoded, (error) => error instanceof RsyncError && error.code === "unsupported");
      }),
    );
  }
}

// ---- longer than what a stage holds at once: the small files above never fill its memory

const LONG = [
  { blockLength: 700, weakSum: "rabinkarp" },
  { blockLength: 4096, weakSum: "rollsum" },
  { blockLength: 1024, weakSum: "rabinkarp" },
  { blockLength: 200_003, weakSum: "rabinkarp" },
  { blockLength: 200_003, weakSum: "rollsum" },
] as const;

for (const options of LONG) {
  const name = `${options.weakSum}, blocks of ${options.blockLength}`;
  Deno.test(`a file longer than the streams hold gives the same bytes however it is chunked: ${name}`, async () => {
    const basis = make({
      gen: "concat",
      parts: [{ gen: "rand", seed: 5, len: 900_000 }, { gen: "text", seed: 6, len: 700_001 }],
    });
    const target = make({
      gen: "basis",
      edits: [
        { op: "duplicate", from: 100_000, len: 450_000, to: 1_300_000 },
        { op: "insert", at: 1_048_570, data: { gen: "rand", seed: 7, len: 333 } },
        { op: "delete", at: 700_000, len: 12 },
        { op: "append", data: { gen: "fill", byte: 0, len: 5000 } },
      ],
    }, basis);
    const sig = (await makeSig(basis, { ...options, strongSum: "blake3" })).bytes;
    const sigs = await loadSigs(sig);
    const delta = await makeDelta(target, sigs);
    assert.ok(delta.stats.copiedBytes > (options.blockLength > 5000 ? 1_000_000 : 2_000_000), "most of it is copied");
    assertBytes(await patch(basis, delta.bytes), target, "target bytes");

    for (const cut of [1_048_573, 65_536, { seed: 3, most: 40_000 }] as Chunking[]) {
      assertBytes((await makeSig(basis, { ...options, strongSum: "blake3" }, cut)).bytes, sig, "signature bytes");
      assertBytes((await makeDelta(target, sigs, {}, cut)).bytes, delta.bytes, "delta bytes");
    }
  });
}
