/** What the formats have and what they lack, and what each says of an option that is not for it. */
import assert from "node:assert/strict";
import {
  decodeDeltaStream,
  type DeltaCommand,
  deltaStream,
  encodeDeltaStream,
  type Format,
  loadSigs,
  patchStream,
  type RsyncError,
  sigStream,
} from "rsync-streams";
import { FORMAT_NAMES, formats, formatTraits } from "../src/formats/mod.ts";
import { makeDelta, makeSig, makeSigs, source, toBytes } from "./_helpers.ts";
import { randomBytes } from "./_recipes.ts";

const BASIS = randomBytes(1, 1000);

/** What each has, as the pages of the formats say. */
const HAS = {
  "rsync-streams": { digest: true, rdiffExact: false, salt: true, short: true, tells: true },
  luapower: { digest: false, rdiffExact: false, salt: false, short: false, tells: false },
  librsync: { digest: false, rdiffExact: true, salt: false, short: true, tells: true },
};

/** Whether something is taken; if not, it has to be refused as a wrong option. */
function isTaken(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    assert.ok(error instanceof TypeError && /^Cannot use /.test(error.message), String(error));
    return false;
  }
}

Deno.test("there are three formats, and each is known by its name in each table", () => {
  assert.deepEqual(FORMAT_NAMES, ["rsync-streams", "luapower", "librsync"]);
  for (const name of FORMAT_NAMES) {
    assert.equal(formatTraits[name].name, name);
    assert.equal(formats[name].name, name);
  }
});

for (const [name, has] of Object.entries(HAS)) {
  const format = name as Format;
  const told = { format, blockLength: 64 };

  Deno.test(`${name} takes the options for what it has, and refuses the others`, async () => {
    const sigs = await makeSigs(BASIS, told);
    assert.equal(isTaken(() => sigStream({ ...told, digest: true })), has.digest);
    assert.equal(isTaken(() => deltaStream(sigs, { format, digest: true })), has.digest);
    assert.equal(isTaken(() => deltaStream(sigs, { format, rdiffExact: true })), has.rdiffExact);
    assert.equal(isTaken(() => sigStream({ ...told, salt: new Uint8Array(16) })), has.salt);
    assert.ok(isTaken(() => deltaStream(sigs, { format, digest: false, rdiffExact: false })));
    for (const make of [patchStream.bind(null, BASIS), decodeDeltaStream, encodeDeltaStream]) {
      assert.equal(isTaken(() => make({ format })), has.tells, "whether the block length may be missing");
    }
    const loaded = await loadSigs((await makeSig(BASIS, told)).bytes, { format }).catch((error) => error);
    assert.equal(loaded instanceof TypeError, !has.tells);
  });

  Deno.test(`${name} has a digest at the end of its delta, or none`, async () => {
    const { bytes, stats } = await makeDelta(BASIS, await makeSigs(BASIS, told), {});
    assert.equal(stats.digest !== undefined, has.digest);
    const decoded = source(bytes).pipeThrough(decodeDeltaStream(has.tells ? {} : told));
    const commands: DeltaCommand[] = await Array.fromAsync(decoded);
    assert.equal(commands.some((command) => command.data && command.digest), has.digest);
    const again = await toBytes(ReadableStream.from(commands).pipeThrough(encodeDeltaStream(told)));
    assert.deepEqual(again, bytes);
  });

  Deno.test(`${name} has a record of a short last block, or none`, async () => {
    const sigs = await makeSigs(BASIS, told);
    assert.equal(sigs.sigCount, has.short ? 16 : 15);
    const { stats } = await makeDelta(BASIS, sigs);
    assert.equal(stats.copiedBytes, has.short ? 1000 : 960);
  });

  Deno.test(`${name} is told by its first bytes, or has to be named`, async () => {
    const sig = (await makeSig(BASIS, told)).bytes;
    const delta = (await makeDelta(BASIS, await makeSigs(BASIS, told))).bytes;
    const loaded = await loadSigs(sig).then(({ format }) => format, (error) => error.code);
    assert.equal(loaded, has.tells ? format : "bad-magic");
    const patched = toBytes(source(delta).pipeThrough(patchStream(BASIS)));
    assert.deepEqual(await patched.catch(({ code }: RsyncError) => code), has.tells ? BASIS : "bad-magic");
  });
}
