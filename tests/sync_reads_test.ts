/** `planSync()`: how much it reads of the local file and of a signature, whatever that claims. */
import assert from "node:assert/strict";
import { LayeredSig, planSync } from "rsync-streams/sync";
import { assertBytes } from "./_helpers.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";
import { weakSumOf } from "./_search_model.ts";
import { lie, mixed, publish as lyingSig, staggered } from "./lying_layers.ts";
import { apply, base, insert, LAYERS, publish } from "./_sync.ts";

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

Deno.test("planSync() reads again what a pass has found, gaps of 64 KiB at most, and no more", async () => {
  const remote = randomBytes(80, 4096);
  const layers = [{ blockLength: 64, strongLength: 8 }];
  const published = await publish(concat([remote, randomBytes(79, 64)]), { layers });
  // Of what was found, the windows that start behind its first byte: they end up to 63 bytes behind it.
  for (const [gap, bytes] of [[2 ** 16 + 62, 4096 + 2 ** 16 + 62 + 62], [2 ** 16 + 63, 2 * (2048 + 62)]] as const) {
    const halves = [remote.subarray(0, 2048), randomBytes(78, gap), remote.subarray(2048)];
    const local = counted(concat([randomBytes(81, 2 ** 20), ...halves, randomBytes(82, 2 ** 20)]));
    await planSync(await LayeredSig.open(published), local);
    assert.equal(local.bytesRead, local.size + bytes, `${gap} bytes between`);
  }
});

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

/** A layered signature of a file of so many bytes, in zeros that need no memory, and the longest read of it. */
async function hugeSig(claimed = 2 ** 40) {
  const one = await publish(new Uint8Array(LAYERS[0]!.blockLength));
  const footer = one.slice(one.length - new DataView(one.buffer).getUint32(one.length - 8, true));
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
  // Records of 8 bytes in 2^25, and one more.
  const more = await hugeSig((2 ** 22 + 1) * LAYERS[0]!.blockLength);
  assert.deepEqual((await planSync(await LayeredSig.open(more.basis), base)).blockLengths, []);
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

const DECOY = 128;

/**
 * A block that has the weak sum of a block of {@linkcode DECOY} alone: among such bytes it is a false alarm at each
 * offset. Of many random endings two have the same sum, and their difference has none.
 */
function withDecoys(blockLength: number): Uint8Array<ArrayBuffer> {
  const random = xorshift(86);
  const seen = new Map<number, Uint8Array>();
  for (;;) {
    const ending = Uint8Array.from({ length: 8 }, () => random.below(DECOY));
    const sum = weakSumOf("rabinkarp", ending);
    const other = seen.get(sum);
    if (other) {
      return new Uint8Array(blockLength).fill(DECOY).map((byte, i) => {
        const k = i - (blockLength - ending.length);
        return k < 0 ? byte : byte + ending[k]! - other[k]!;
      });
    }
    seen.set(sum, ending);
  }
}

const BLOCK = withDecoys(64);

for (const [where, end] of [["at the end of a short file", 0], ["long before the end of a file", 2 ** 22]] as const) {
  Deno.test(`planSync() finds what false alarms of a block hid, once it has that: ${where}`, async () => {
    const blockLength = BLOCK.length;
    // At each distance modulo 128 from where the budget is used up: there a search looks at four windows of 128.
    const hidden = Array.from({ length: 32 }, (_, i) => randomBytes(200 + i, blockLength));
    const decoys = new Uint8Array(30_000).fill(DECOY);
    const places = hidden.flatMap((bytes, i) => [decoys.subarray(0, 1000 + 4 * i), bytes]);
    const remote = concat([BLOCK, ...hidden]);
    const local = concat([BLOCK, randomBytes(84, 100), decoys, ...places, randomBytes(85, end)]);
    const layers = [{ blockLength, strongLength: 8 }];
    const counting = counted(local);
    const sig = await LayeredSig.open(await publish(remote, { layers }));
    const plan = await planSync(sig, counting);
    assert.equal(plan.missingLength, 0);
    assert.ok(counting.bytesRead >= 2 * local.length, "nothing was hidden in the first pass");
  });
}

Deno.test("planSync() searches all of a file again only after a pass that gave up on false alarms", async () => {
  const decoys = new Uint8Array(30_000).fill(DECOY);
  const hidden = Array.from({ length: 32 }, (_, i) => randomBytes(200 + i, 64));
  const places = hidden.flatMap((bytes, i) => [decoys.subarray(0, 1000 + 4 * i), bytes]);
  const local = counted(concat([BLOCK, randomBytes(84, 100), decoys, ...places, randomBytes(85, 2 ** 20)]));
  const remote = concat([BLOCK, ...hidden, randomBytes(86, 64)]);
  const sig = await LayeredSig.open(await publish(remote, { layers: [{ blockLength: 64, strongLength: 8 }] }));
  const plan = await planSync(sig, local);
  assert.equal(plan.missingLength, 64);
  // The last pass is over what the second one found, and up to 63 bytes behind it.
  const again = local.bytesRead - 2 * local.size;
  assert.ok(again > 0 && again < concat(places).length, `${again} bytes are read once more`);
});

Deno.test("planSync() searches once where it finds nothing, however many false alarms there are", async () => {
  const sig = await LayeredSig.open(await publish(BLOCK, { layers: [{ blockLength: 64, strongLength: 8 }] }));
  const local = counted(new Uint8Array(100_000).fill(DECOY));
  const plan = await planSync(sig, local);
  assert.equal(plan.missingLength, 64);
  assert.equal(local.bytesRead, local.size);
});
