/** Input that lies, and what it is refused with. */
import { loadSigs, RsyncError } from "rsync-streams";
import { concat, make, randomBytes } from "../../_recipes.ts";
import { assert, assertBytes, assertEqual, rejection } from "./asserts.js";
import { BASIS } from "./files.js";
import { QUICK, told } from "./streams.js";

const SMALL_BASIS = concat([randomBytes(1, 150), make({ gen: "text", seed: 2, len: 150 })]);
const SMALL_TARGET = concat([randomBytes(3, 30), SMALL_BASIS.subarray(128), SMALL_BASIS.subarray(0, 128)]);

async function smallDelta(streams) {
  const sigs = await streams.sigs(SMALL_BASIS, { ...QUICK, blockLength: 64 });
  return (await streams.delta(SMALL_TARGET, sigs)).bytes;
}

async function assertFails(work, code) {
  const error = await rejection(work);
  assert(error instanceof RsyncError, `the error is ${error}`);
  assertEqual(error.code, code, `code of "${error.message}"`);
}

export const HOSTILE = {
  async "each prefix of a delta is truncated"(streams) {
    const delta = await smallDelta(streams);
    for (let length = 0; length < delta.length; length++) {
      await assertFails(streams.patch(SMALL_BASIS, delta.slice(0, length), {}, 17), "truncated");
    }
  },
  async "a delta with a byte flipped gives the target or an RsyncError"(streams) {
    const delta = await smallDelta(streams);
    let errors = 0;
    for (let at = 0; at < delta.length; at++) {
      const flipped = delta.slice();
      flipped[at] ^= 255;
      try {
        assertBytes(await streams.patch(SMALL_BASIS, flipped), SMALL_TARGET, "the target");
      } catch (error) {
        if (!(error instanceof RsyncError)) throw error;
        errors++;
      }
    }
    assert(errors > delta.length / 2, `${errors} errors of ${delta.length}`);
  },
  async "a wrong basis is a digest-mismatch"(streams) {
    const wrong = SMALL_BASIS.slice();
    wrong[200] ^= 1;
    await assertFails(streams.patch(wrong, await smallDelta(streams)), "digest-mismatch");
  },
  async "a basis that is too short is copy-out-of-range, or basis-short-read"(streams) {
    const delta = await smallDelta(streams);
    const short = SMALL_BASIS.slice(0, 100);
    await assertFails(streams.patch(short, delta), "copy-out-of-range");
    const read = (offset, length) => short.subarray(offset, offset + length);
    await assertFails(streams.patch({ read }, delta), "basis-short-read");
  },
  async "maxOutputLength and maxInputLength are limits"(streams) {
    await assertFails(streams.patch(SMALL_BASIS, await smallDelta(streams), { maxOutputLength: 99 }), "limit");
    await assertFails(loadSigs((await streams.sig(BASIS)).bytes, { maxInputLength: 1000 }), "limit");
  },
  async "bytes of another kind are a bad-magic"(streams) {
    await assertFails(streams.patch(SMALL_BASIS, new Uint8Array(10)), "bad-magic");
    await assertFails(loadSigs(await smallDelta(streams)), "bad-magic");
  },
  async "bytes after the end are trailing-data"(streams) {
    await assertFails(streams.patch(SMALL_BASIS, concat([await smallDelta(streams), [0]])), "trailing-data");
  },
  async "an opcode that is none is an unknown-command"(streams) {
    await assertFails(streams.patch(SMALL_BASIS, Uint8Array.of(9), told("luapower", 64)), "unknown-command");
  },
  async "what a basis throws comes through as it is"(streams) {
    const reason = { why: "the basis is gone" };
    const read = () => Promise.reject(reason);
    assertEqual(await rejection(streams.patch({ read }, await smallDelta(streams))), reason, "reason");
  },
};
