/** Parts of the playground that need no browser. */
import assert from "node:assert/strict";
import { syncHandler } from "rsync-streams/http";
import { pairCode, updateCode } from "../examples/playground/src/code.ts";
import type { PairOptions, Regions } from "../examples/playground/src/protocol.ts";
import { basisView, pan, regionAt, reveal, visibleRegions, zoom } from "../examples/playground/src/map/view.ts";
import { RegionList } from "../examples/playground/src/worker/region_list.ts";
import { randomBytes } from "./_recipes.ts";

function rowsOf({ offsets, lengths, froms }: Regions): number[][] {
  return Array.from(offsets, (offset, i) => [offset, lengths[i]!, froms[i]!]);
}

Deno.test("RegionList joins what continues the region before", () => {
  const list = new RegionList();
  list.copy(100, 10);
  list.copy(110, 5);
  list.data(3);
  list.data(4);
  list.copy(115, 1);
  list.copy(0, 2);
  list.data(0);
  assert.deepEqual(rowsOf(list.finish()), [[0, 15, 100], [15, 7, -1], [22, 1, 115], [23, 2, 0]]);
});

Deno.test("RegionList holds a bounded number of regions, which cover the target", () => {
  const list = new RegionList(64);
  for (let i = 0; i < 10_000; i++) {
    list.copy(i * 1000, 90);
    list.data(10);
  }
  const { offsets, lengths, froms, grain } = list.finish();
  assert.ok(offsets.length <= 64 && offsets.length > 8, `${offsets.length} regions`);
  assert.ok(grain > 0);
  let end = 0;
  for (const [i, offset] of offsets.entries()) {
    assert.equal(offset, end);
    end += lengths[i]!;
  }
  assert.equal(end, 1_000_000);
  const isCopy = (from: number, i: number) => from % 1000 === 0 || lengths[i]! < grain;
  assert.ok(froms.every(isCopy), "a joined region is what its longest part is");
});

Deno.test("RegionList keeps long regions while it joins short ones", () => {
  const list = new RegionList(64);
  list.copy(5_000_000, 1_000_000);
  for (let i = 0; i < 1000; i++) {
    list.data(1);
    list.copy(i * 10, 1);
  }
  const { offsets, lengths, froms } = list.finish();
  assert.deepEqual([offsets[0], froms[0]], [0, 5_000_000]);
  assert.ok(lengths[0]! >= 1_000_000 && lengths[0]! < 1_002_000);
});

const REGIONS: Regions = {
  offsets: Float64Array.of(0, 100, 150, 400),
  lengths: Float64Array.of(100, 50, 250, 600),
  froms: Float64Array.of(500, -1, 0, 1000),
  grain: 0,
};

Deno.test("regionAt() and visibleRegions() find regions by offset", () => {
  assert.deepEqual([0, 99, 100, 149, 150, 999, 1000].map((offset) => regionAt(REGIONS, offset)), [0, 0, 1, 1, 2, 3, 4]);
  assert.deepEqual(visibleRegions(REGIONS, { start: 0, end: 1000 }), [0, 4]);
  assert.deepEqual(visibleRegions(REGIONS, { start: 120, end: 150 }), [1, 2]);
});

Deno.test("zoom(), pan() and reveal() stay inside of the file", () => {
  assert.deepEqual(zoom({ start: 0, end: 1000 }, 1000, 2, 500), { start: 250, end: 750 });
  assert.deepEqual(zoom({ start: 0, end: 1000 }, 1000, 2, 0), { start: 0, end: 500 });
  assert.deepEqual(zoom({ start: 250, end: 750 }, 1000, 0.1, 700), { start: 0, end: 1000 });
  assert.deepEqual(zoom({ start: 0, end: 10 }, 10, 2, 5), { start: 0, end: 10 });
  assert.deepEqual(pan({ start: 0, end: 100 }, 1000, -50), { start: 0, end: 100 });
  assert.deepEqual(pan({ start: 0, end: 100 }, 1000, 5000), { start: 900, end: 1000 });
  assert.deepEqual(reveal({ start: 0, end: 100 }, 1000, 500, 20), { start: 460, end: 560 });
  assert.deepEqual(reveal({ start: 0, end: 100 }, 1000, 20, 20), { start: 0, end: 100 });
});

Deno.test("basisView() is what visible copies come from", () => {
  const view = { start: 0, end: 120 };
  assert.deepEqual(basisView(REGIONS, visibleRegions(REGIONS, view), view, 2000), { start: 490, end: 610 });
  const literals = { start: 110, end: 140 };
  assert.deepEqual(basisView(REGIONS, visibleRegions(REGIONS, literals), literals, 2000), { start: 0, end: 2000 });
  const inside = { start: 500, end: 600 };
  assert.deepEqual(basisView(REGIONS, visibleRegions(REGIONS, inside), inside, 2000), { start: 1100, end: 1200 });
});

const DEFAULTS: PairOptions = {
  format: "rsync-streams",
  blockLength: undefined,
  weakSum: undefined,
  strongSum: undefined,
  backend: undefined,
};
const OPTIONS: PairOptions[] = [
  DEFAULTS,
  { ...DEFAULTS, blockLength: 512, weakSum: "rollsum", strongSum: "blake2b" },
  { ...DEFAULTS, format: "librsync", strongSum: "md4" },
  { ...DEFAULTS, format: "luapower", backend: "portable" },
];

for (const options of OPTIONS) {
  const words = Object.values(options).filter((value) => value !== undefined).join(", ");
  Deno.test(`the code to copy runs: ${words}`, async () => {
    const basis = new Blob([randomBytes(1, 20_000)]);
    const target = new Blob(["new", basis.slice(0, 15_000)]);
    Object.assign(globalThis, { basis, target });
    const code = pairCode(options, options.blockLength ?? 256);
    const { patched } = await import(`data:text/javascript,${encodeURIComponent(`${code}export { patched };`)}`);
    assert.deepEqual(await new Response(patched).bytes(), await target.bytes());
  });
}

Deno.test("the code to copy runs: an update from a URL", async () => {
  const target = new Blob([randomBytes(2, 20_000)]);
  const handler = syncHandler({ open: () => ({ basis: target, size: target.size, entityTag: '"1"' }) });
  const server = Deno.serve({ port: 0, onListen() {} }, handler);
  const { log } = console;
  const logged: unknown[][] = [];
  console.log = (...values) => void logged.push(values);
  try {
    Object.assign(globalThis, { basis: new Blob([target.slice(100)]) });
    const code = `${updateCode(`http://localhost:${server.addr.port}/file`)}export { updated };`;
    const { updated } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    assert.deepEqual(await updated.bytes(), await target.bytes());
    assert.equal(logged.length, 2);
    assert.ok(logged.flat().every((value) => value !== undefined));
  } finally {
    console.log = log;
    await server.shutdown();
  }
});
