/** Signature, delta and patch, in each format and over callbacks: the target comes out. */
import { decodeDeltaStream, encodeDeltaStream } from "rsync-streams";
import { readFromReadable, Rsync } from "rsync-streams/callbacks";
import { concat } from "../../_recipes.ts";
import { assert, assertBytes } from "./asserts.js";
import { BASIS, TARGET } from "./files.js";
import { cut, sourceOf, toBytes, told } from "./streams.js";

const ROUND_TRIPS = [
  {},
  { strongSum: "blake3" },
  { strongSum: "blake2b", strongLength: 16, digest: true },
  { weakSum: "rollsum", blockLength: 700 },
  { weakSum: "rabinkarp", blockLength: 100 },
  { format: "librsync" },
  { format: "librsync", weakSum: "rollsum", strongSum: "md4", blockLength: 333 },
  { format: "luapower" },
  { format: "luapower", blockLength: 691 },
];

async function roundTrip(streams, options) {
  const { format, blockLength = 1024 } = options;
  const sigs = await streams.sigs(BASIS, options);
  const whole = await streams.delta(TARGET, sigs);
  assert(whole.stats.copiedBytes > TARGET.length / 2, `${whole.stats.copiedBytes} bytes are copied`);
  for (const length of [7919, 50]) {
    assertBytes((await streams.delta(TARGET, sigs, {}, length)).bytes, whole.bytes, "the delta");
  }
  const bases = [BASIS, new Blob([BASIS]), {
    read: (offset, length) => Promise.resolve(BASIS.subarray(offset, offset + Math.min(length, 1000))),
  }];
  for (const basis of bases) {
    assertBytes(await streams.patch(basis, whole.bytes, told(format, blockLength), 333), TARGET, "the target");
  }
  const commands = sourceOf(cut(whole.bytes, 100)).pipeThrough(
    decodeDeltaStream(told(format, blockLength)),
  );
  const transcoded = await toBytes(commands.pipeThrough(encodeDeltaStream()));
  assertBytes(await streams.patch(BASIS, transcoded), TARGET, "the target, by way of the rsync-streams format");
}

async function callbacksRoundTrip() {
  const collect = () => {
    const chunks = [];
    return { write: (buffer, length) => void chunks.push(buffer.slice(0, length)), bytes: () => concat(chunks) };
  };
  const reading = (bytes) => readFromReadable(sourceOf(cut(bytes, 5000))).read;
  const rsync = new Rsync();
  const sig = collect();
  await rsync.genSigsFile(reading(BASIS), sig.write);
  const sigs = await rsync.loadSigsFile(reading(sig.bytes()));
  const delta = collect();
  await rsync.genDeltasFile(reading(TARGET), sigs, delta.write);
  const target = collect();
  let at = 0;
  await rsync.patchFile(
    reading(delta.bytes()),
    (offset) => void (at = offset),
    (buffer, length) => {
      const piece = BASIS.subarray(at, at + length);
      buffer.set(piece);
      at += piece.length;
      return piece.length;
    },
    target.write,
  );
  assertBytes(target.bytes(), TARGET, "the target");
}

/** A case for each set of options, and one for the callbacks. */
export function* roundTripCases(streams) {
  const group = "round trips";
  for (const options of ROUND_TRIPS) {
    yield { group, name: JSON.stringify(options), run: () => roundTrip(streams, options) };
  }
  yield { group, name: "callbacks", run: callbacksRoundTrip };
}
