/** `planSync()`: how much it reads of the local file and of a signature, whatever that claims. */
import assert from "node:assert/strict";
import { LayeredSig, planSync } from "rsync-streams/sync";
import { assertBytes } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";
import { lie, mixed, publish as lyingSig, staggered } from "./lying_layers.ts";
import { apply, base, insert, LAYERS, publish } from "./_sync.ts";

Deno.test("planSync() reads again what its first pass has found, and no more", async () => {
  const remote = randomBytes(80, 4096);
  const local = concat([randomBytes(81, 2 ** 20), remote.subarray(0, 2048), randomBytes(82, 2 ** 20)]);
  const sig = await LayeredSig.open(await publish(remote, { layers: [{ blockLength: 64, strongLength: 8 }] }));
  let bytesRead = 0;
  await planSync(sig, {
    size: local.length,
    read(offset: number, length: number) {
      const bytes = local.subarray(offset, offset + length);
      bytesRead += bytes.length;
      return bytes;
    },
  });
  assert.equal(bytesRead, local.length + 2048 - 2 + 64);
});

/** A local file, and how many bytes of it are read. */
function counted(local: Uint8Array) {
  const basis = {
    size: local.length,
    bytesRead: 0,
    read(offset: number, length: number) {
      const bytes = local.subarray(offset, offset + length);
      basis.bytesRead += bytes.length;
      return bytes;
    },
  };
  return basis;
}

Deno.test("planSync() reads a local file nine times at most, whatever a signature claims", async () => {
  const layers = Array.from({ length: 8 }, (_, j) => ({ blockLength: 2 ** (13 - j), strongLength: 6 }));
  const local = randomBytes(83, 2 ** 20);
  const remote = staggered(local, 8);
  // Each pass finds some blocks wherever it looks, and has false alarms in between.
  const lying = counted(local);
  const lies = lie(await lyingSig(remote, layers), remote.length, layers, 7);
  await planSync(await LayeredSig.open(lies), lying);
  assert.ok(lying.bytesRead <= 4 * local.length, `${lying.bytesRead / local.length} times`);
  // Each finds a block wherever it looks, and has no false alarms.
  const honest = counted(local);
  await planSync(await LayeredSig.open(await lyingSig(remote, layers)), honest);
  assert.ok(honest.bytesRead <= 6 * local.length, `${honest.bytesRead / local.length} times`);
  // Each layer is that of another file, and all of the local one is searched for a small piece.
  const other = randomBytes(84, 2 ** 20 - 2 ** 16);
  const files = layers.map((_, j) => {
    return concat([other.subarray(0, j * 2 ** 16), local.subarray(0, 2 ** 16), other.subarray(j * 2 ** 16)]);
  });
  const poor = counted(local);
  await planSync(await LayeredSig.open(await mixed(files, layers)), poor);
  assert.ok(poor.bytesRead > 7 * local.length && poor.bytesRead <= 9 * local.length, `${poor.bytesRead} bytes`);
});

Deno.test("planSync() finds what a remote file has of a local one in six places, in as many passes", async () => {
  const layers = [{ blockLength: 2 ** 10, strongLength: 6 }];
  const local = randomBytes(83, 2 ** 20);
  const remote = staggered(local, 6);
  const basis = counted(local);
  const plan = await planSync(await LayeredSig.open(await lyingSig(remote, layers)), basis);
  assert.ok(plan.missingLength < remote.length / 100, `${plan.missingLength} bytes are missing`);
  assert.ok(basis.bytesRead > 5 * local.length, `${basis.bytesRead / local.length} times`);
});

/** A layered signature of a file of 2^40 bytes, in zeros that need no memory, and the longest read of it. */
async function hugeSig() {
  const one = await publish(new Uint8Array(LAYERS[0]!.blockLength));
  const footer = one.slice(one.length - new DataView(one.buffer).getUint32(one.length - 8, true));
  const claimed = 2 ** 40;
  new DataView(footer.buffer).setBigUint64(1 + 15 + 2 + 16, BigInt(claimed), true);
  const [coarse, middle, fine] = LAYERS.map(({ blockLength }) => claimed / blockLength);
  const records = coarse! + middle! + fine!;
  // In place of the 73 records of one block, and the one frame of its 64 finest.
  const size = (one.length - footer.length - (1 + 8 + 64) * 8 - 4) + 8 * records + 4 * Math.ceil(fine! / 1024) +
    footer.length;
  let longest = 0;
  const basis = {
    size,
    read(offset: number, length: number) {
      longest = Math.max(longest, length);
      const bytes = new Uint8Array(length);
      const start = size - footer.length - offset;
      if (start < length) bytes.set(footer.subarray(0, length - start), start);
      return bytes;
    },
  };
  return { basis, longest: () => longest };
}

Deno.test("planSync() reads no layer that is longer than maxInputLength, whatever a signature claims", async () => {
  const { basis, longest } = await hugeSig();
  const plan = await planSync(await LayeredSig.open(basis), base);
  assert.deepEqual(plan.blockLengths, []);
  assert.equal(plan.missingLength, 2 ** 40);
  assert.ok(longest() <= 2048);
});

Deno.test("planSync() stops at maxInputLength with a plan that is right", async () => {
  const local = insert(base, 30_011, randomBytes(9, 50));
  const published = await publish(base);
  const seen = [];
  // Records of 8 bytes: 25 of the coarsest layer, and 8 under one block of it.
  for (const maxInputLength of [0, 199, 200, 263, 264, 2 ** 26]) {
    const plan = await planSync(await LayeredSig.open(published), local, { maxInputLength });
    assertBytes(apply(plan, base, local), base);
    seen.push(plan.blockLengths.length);
  }
  assert.deepEqual(seen, [0, 0, 1, 1, 2, 3]);
  const sig = await LayeredSig.open(published);
  await assert.rejects(planSync(sig, local, { maxInputLength: 2 ** 26 + 1 }), RangeError);
  await assert.rejects(planSync(sig, local, { maxInputLength: "1" as unknown as number }), TypeError);
});
