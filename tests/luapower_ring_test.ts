/** Where data commands of the luapower format split: a model with the steps of docs/formats/luapower.md. */
import assert from "node:assert/strict";
import { decodeDeltaStream } from "rsync-streams";
import { type Chunking, hex, makeDelta, makeSigs, source } from "./_helpers.ts";
import { concat, randomBytes, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Steps 1 to 6 of section 2.3, a byte at a time. `blockAt` says which block matches the window at a place, or -1. */
function modelCommands(
  target: Bytes,
  blockLength: number,
  memLength: number,
  blockAt: (p: number) => number,
): string[] {
  const L = blockLength, N = target.length;
  const M = Math.ceil(Math.max(memLength, 2 * L) / L) * L;
  const commands: string[] = [];
  let copy: { block: number; count: number } | undefined;
  const writeCopy = () => {
    if (copy) commands.push(`copy ${copy.block} ${copy.count}`);
    copy = undefined;
  };
  const writeData = (from: number, to: number) => {
    if (from === to) return;
    writeCopy();
    let piece: Bytes = new Uint8Array(0);
    for (let at = from; at < to; at++) {
      if (at % M === 0 && piece.length > 0) {
        commands.push(`data ${hex(piece)}`);
        piece = new Uint8Array(0);
      }
      piece = concat([piece, target.subarray(at, at + 1)]);
    }
    commands.push(`data ${hex(piece)}`);
  };
  let D = 0, P = 0, E = Math.min(M, N);
  while (E - D >= L) {
    const block = blockAt(P);
    if (block >= 0) {
      writeData(D, P);
      if (copy && copy.block + copy.count === block && copy.count < 255) copy.count++;
      else {
        writeCopy();
        copy = { block, count: 1 };
      }
      D = P += L;
      if (E - D < L) E = Math.min(D + M, N);
      continue;
    }
    if (P + L === E) {
      writeData(D, P);
      D = P;
      const loaded = Math.min(D + M, N);
      if (loaded === E) break;
      E = loaded;
    }
    P++;
  }
  writeData(D, N);
  writeCopy();
  return commands;
}

/** The delta of a target that is made of blocks of a basis and of noise, as the library writes it, in words. */
async function commandsOf(basis: Bytes, target: Bytes, blockLength: number, memLength: number, chunking: Chunking) {
  const sigs = await makeSigs(basis, { format: "luapower", blockLength });
  const { bytes } = await makeDelta(target, sigs, { memLength }, chunking);
  const decoded = source(bytes).pipeThrough(decodeDeltaStream({ format: "luapower", blockLength }));
  return (await Array.fromAsync(decoded)).map(({ copy, data }) => {
    return copy ? `copy ${copy.offset / blockLength} ${copy.length / blockLength}` : `data ${hex(data!)}`;
  });
}

/** A target of pieces: runs of blocks, and noise. `blocks` says where which block stands. */
function targetOf(basis: Bytes, blockLength: number, seed: number, longest: number) {
  const { below } = xorshift(seed);
  const count = basis.length / blockLength;
  const pieces: Uint8Array[] = [];
  const blocks = new Map<number, number>();
  let at = 0;
  for (let i = 0; i < 8; i++) {
    if (below(2) === 0) {
      const first = below(count);
      const run = Math.min(count - first, 1 + below(6));
      for (let k = 0; k < run; k++) blocks.set(at + k * blockLength, first + k);
      pieces.push(basis.subarray(first * blockLength, (first + run) * blockLength));
    } else {
      pieces.push(randomBytes(seed * 10 + i, below(longest)));
    }
    at += pieces.at(-1)!.length;
  }
  return { target: concat(pieces), blocks };
}

for (const blockLength of [8, 13]) {
  for (const memory of [1, 30, 64, 91]) {
    Deno.test(`data splits as in a ring of ${memory} bytes, with blocks of ${blockLength}`, async () => {
      const basis = randomBytes(77, 40 * blockLength);
      for (let seed = 1; seed <= 25; seed++) {
        const { target, blocks } = targetOf(basis, blockLength, seed, 4 * Math.max(memory, 2 * blockLength));
        const expected = modelCommands(target, blockLength, memory, (at) => blocks.get(at) ?? -1);
        for (const chunking of ["whole", 7] as const) {
          const seen = await commandsOf(basis, target, blockLength, memory, chunking);
          assert.deepEqual(seen, expected, `seed ${seed}, ${target.length} bytes`);
        }
      }
    });
  }
}

Deno.test("data that matches nothing splits as the table of the page says", async () => {
  const basis = randomBytes(1, 1024);
  const table: [number, number[]][] = [
    [1023, [1023]],
    [1024, [1024]],
    [2047, [1023, 1024]],
    [65_536, [64_512, 1024]],
    [65_537, [64_512, 1, 1023, 1]],
    [131_072, [64_512, 1024, 63_488, 1024, 1024]],
  ];
  for (const [length, lengths] of table) {
    const commands = await commandsOf(basis, randomBytes(2, length), 1024, 65_536, "whole");
    assert.deepEqual(commands.map((command) => (command.length - "data ".length) / 2), lengths);
  }
});

Deno.test("a copy of the luapower format has 255 blocks at most", async () => {
  const basis = randomBytes(3, 600 * 8);
  const commands = await commandsOf(basis, basis, 8, 65_536, "whole");
  assert.deepEqual(commands, ["copy 0 255", "copy 255 255", "copy 510 90"]);
});
