/** Files that other programs have made, or earlier versions: the same bytes come out, and damaged ones are refused. */
import { loadSigs, RsyncError } from "rsync-streams";
import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";
import { fromBase64, sha256 } from "../../_bytes.ts";
import { edited, generate } from "../../_librsync_recipes.ts";
import { concat, make } from "../../_recipes.ts";
import librsync from "../../vectors/librsync.json" with { type: "json" };
import malformed from "../../vectors/librsync_malformed.json" with { type: "json" };
import luapower from "../../vectors/luapower.json" with { type: "json" };
import own from "../../vectors/rsync_streams.json" with { type: "json" };
import { assert, assertBytes, assertEqual, rejection } from "./asserts.js";
import { cut, sourceOf, toBytes, told } from "./streams.js";

/** Vectors with longer files are left to the tests of the sources. */
const MAX_VECTOR_LENGTH = 70_000;

async function luapowerCase(streams, golden) {
  const { block_len: blockLength, mem_len: memLength } = golden;
  const basis = make(golden.basis.recipe);
  const target = make(golden.new.recipe, basis);
  for (const length of [undefined, 1009]) {
    const sig = await streams.sig(basis, { format: "luapower", blockLength }, length);
    assertEqual(await sha256(sig.bytes), golden.sig.sha256, "hash of the signature");
    const sigs = await loadSigs(sig.bytes, { format: "luapower", blockLength });
    const delta = await streams.delta(target, sigs, { memLength }, length);
    assertEqual(await sha256(delta.bytes), golden.delta.sha256, "hash of the delta");
    assertEqual(delta.stats.falseAlarms, golden.false_alarms, "falseAlarms");
    assertEqual(delta.stats.goodAlarms, golden.good_alarms, "goodAlarms");
    assertBytes(await streams.patch(basis, delta.bytes, told("luapower", blockLength), length), target, "the target");
  }
}

/** The sums that a magic names. */
const LIBRSYNC_KINDS = {
  "0x72730136": { weakSum: "rollsum", strongSum: "md4" },
  "0x72730137": { weakSum: "rollsum", strongSum: "blake2b" },
  "0x72730146": { weakSum: "rabinkarp", strongSum: "md4" },
  "0x72730147": { weakSum: "rabinkarp", strongSum: "blake2b" },
};

async function librsyncCase(streams, golden) {
  const { magic, blockLen: blockLength, strongLen: strongLength } = golden.header;
  const basis = generate(golden.old);
  const target = edited(basis, golden.edits);
  for (const length of [undefined, 1009]) {
    const options = { format: "librsync", ...LIBRSYNC_KINDS[magic], blockLength, strongLength };
    const sig = await streams.sig(basis, options, length);
    assertEqual(await sha256(sig.bytes), golden.sig.sha256, "hash of the signature");
    const delta = await streams.delta(target, await loadSigs(sig.bytes), { rdiffExact: true }, length);
    assertEqual(await sha256(delta.bytes), golden.delta.sha256, "hash of the delta");
    const patched = await streams.patch(basis, delta.bytes, {}, length);
    // In one case rdiff takes a wrong block for the right one, and so do we.
    const expected = golden.patch.equalsNew ? golden.newSha256 : golden.patch.outSha256;
    assertEqual(await sha256(patched), expected, "hash of the target");
  }
}

function fromHex(text) {
  return Uint8Array.from(text.match(/../g), (byte) => parseInt(byte, 16));
}

async function ownSigCase(streams, { basis, salt, sig, ...options }) {
  for (const length of [undefined, 1009]) {
    const { bytes } = await streams.sig(make(basis.recipe), { ...options, salt: fromHex(salt) }, length);
    assertEqual(await sha256(bytes), sig.sha256, "hash of the signature");
  }
}

async function ownDeltaCase(streams, golden) {
  const basis = make(golden.basis.recipe);
  const parts = golden.commands.map(({ copy, data }) => {
    return copy ? basis.subarray(copy.offset, copy.offset + copy.length) : make(data);
  });
  const target = concat(parts);
  const sigs = await streams.sigs(basis, golden.search);
  const { bytes } = await streams.delta(target, sigs, { digest: golden.digest });
  assertEqual(await sha256(bytes), golden.delta.sha256, "hash of the delta");
  assertBytes(await streams.patch(basis, bytes), target, "the target");
}

async function layeredCase(streams, { file, salt, layers, entityTag, modifiedMs, layered }) {
  const bytes = make(file.recipe);
  const pair = streams.check(layeredSigStream({ layers, salt: fromHex(salt), entityTag, modifiedMs }));
  const published = await toBytes(sourceOf(cut(bytes, 1009)).pipeThrough(pair));
  assertEqual(await sha256(published), layered.sha256, "hash of the layered signature");
  assertEqual((await loadSigs(published)).fileLength, bytes.length, "fileLength");
  const plan = await planSync(await LayeredSig.open(published), bytes);
  assertEqual(plan.missingLength, 0, "missingLength");
}

async function damagedCase(streams, { kind, file, basis }) {
  const bytes = fromBase64(file);
  const work = kind === "signature" ? loadSigs(bytes) : streams.patch(generate(basis), bytes);
  const error = await rejection(work);
  assert(error instanceof RsyncError, `the error is ${error}`);
}

/** A case for each vector that is short enough. */
export function* goldenCases(streams) {
  for (const golden of luapower.cases) {
    if (Math.max(golden.basis.len, golden.new.len) > MAX_VECTOR_LENGTH) continue;
    yield { group: "luapower vectors", name: golden.name, run: () => luapowerCase(streams, golden) };
  }
  for (const golden of librsync.cases) {
    if (Math.max(golden.oldLen, golden.newLen) > MAX_VECTOR_LENGTH) continue;
    yield { group: "librsync vectors", name: golden.id, run: () => librsyncCase(streams, golden) };
  }
  const group = "rsync-streams vectors";
  for (const golden of own.signatures) {
    if (golden.basis.len > MAX_VECTOR_LENGTH) continue;
    const { basis, weakSum, strongSum, blockLength, strongLength, digest, salt } = golden;
    const name = [weakSum, strongSum, blockLength, strongLength, digest, salt, basis.len].join(" ");
    yield { group, name: `signature: ${name}`, run: () => ownSigCase(streams, golden) };
  }
  for (const golden of own.deltas) {
    if (!golden.search) continue;
    const name = `delta: ${JSON.stringify(golden.search)}, ${golden.commands.length} commands`;
    yield { group, name, run: () => ownDeltaCase(streams, golden) };
  }
  for (const golden of own.layered) {
    // What the library writes has the default sums.
    if (golden.weakSum !== "rabinkarp" || golden.strongSum !== "blake3") continue;
    yield { group, name: `layered: ${golden.file.len}`, run: () => layeredCase(streams, golden) };
  }
  for (const entry of malformed.entries) {
    if (["accepted", "abort"].includes(entry.outcome)) continue;
    yield { group: "damaged librsync files", name: entry.id, run: () => damagedCase(streams, entry) };
  }
}
