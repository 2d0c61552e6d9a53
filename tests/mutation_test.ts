/** The mutation run knows the sources as they are: `deno task mutate` itself takes too long for every run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { AREAS } from "./mutation/areas.ts";
import { BY_HAND, locate } from "./mutation/by_hand.ts";
import { listFiles, ROOT } from "./mutation/checkout.ts";
import { EQUIVALENT } from "./mutation/equivalent.ts";
import { fromMarkdown, isEnough, summarize, toMarkdown } from "./mutation/results.ts";
import { syntacticFaults } from "./mutation/syntactic.ts";

Deno.test("each area has sources, and tests that exist", async () => {
  const paths = await listFiles();
  for (const { name, files, tests } of AREAS) {
    assert.ok(paths.some((path) => files.test(path)), `${name} has no sources`);
    for (const test of tests) assert.ok(paths.includes(`tests/${test}_test.ts`), `${name} names ${test}_test.ts`);
  }
});

Deno.test("each source in which something can be wrong is of an area", async () => {
  for (const path of await listFiles()) {
    if (!/^(src|assembly)\/.+\.ts$/.test(path) || path.includes("/_generated/")) continue;
    if (AREAS.some(({ files }) => files.test(path))) continue;
    const faults = syntacticFaults(path, await Deno.readTextFile(join(ROOT, path)));
    assert.deepEqual(faults, [], `${path} is of no area`);
  }
});

Deno.test("each fault made by hand has its place in the sources, and an area", async () => {
  for (const fault of BY_HAND) {
    const { start, end, replacement } = locate(fault, await Deno.readTextFile(join(ROOT, fault.path)));
    assert.ok(end > start && replacement !== fault.from.join("\n"), fault.kind);
    assert.ok(AREAS.some(({ name }) => name === fault.area), fault.area);
  }
});

Deno.test("syntacticFaults() finds what can be wrong, and passes over types and words", () => {
  const text = `
    type Small = 1 | 2;
    function f(n: number): boolean {
      if (n < 3) g(n);
      if (n > 9) throw new Error(\`more than \${1 + 8}\`);
      return true;
    }
    const words = { 7: h };`;
  const faults = syntacticFaults("f.ts", text).map(({ start, end, replacement }) => {
    return [text.slice(start, end), replacement];
  });
  assert.deepEqual(faults, [
    ["n < 3", "!(n < 3)"],
    ["<", "<="],
    ["3", "(3 + 1)"],
    ["g(n);", ";"],
    ["n > 9", "!(n > 9)"],
    [">", ">="],
    ["9", "(9 + 1)"],
    ["true", "false"],
    ["7", "[(7 + 1)]"],
  ]);
});

Deno.test("syntacticFaults() leaves an await out where that changes something", () => {
  const text = `
    async function f() {
      await g();
      try {
        return await h(1);
      } finally {}
      return await i();
    }
    const k = async () => await l();
    const m = async () => 2 + await n();`;
  const faults = syntacticFaults("f.ts", text).filter(({ kind }) => kind === "not awaited");
  assert.deepEqual(faults.map(({ start, end }) => text.slice(start, end)), ["await g()", "await h(1)", "await n()"]);
});

Deno.test("the table of a run counts what was noticed of faults that change something, and can be read again", () => {
  const tried = [
    { outcome: "caught", words: "a.ts:1: number: 1 => 2 | a = 1;" },
    { outcome: "timeout", words: "a.ts:2: boolean: true => false | b = true;" },
    { outcome: "survived", words: "a.ts:3: operator: | => & | c |= 2;" },
    { outcome: "equivalent", words: "a.ts:4: left out: d(); => ; | d();" },
    { outcome: "invalid", words: "a.ts:5: left out: e(); => ; | e();" },
  ] as const;
  const result = summarize("wasm glue", tried);
  const survivors = [tried[2].words];
  assert.deepEqual(result, { area: "wasm glue", put: 4, caught: 2, late: 1, equivalent: 1, survivors });
  assert.equal(isEnough(result), false);
  const other = { area: "files", put: 20, caught: 17, late: 0, equivalent: 0, survivors: [] };
  assert.equal(isEnough(other), true);
  assert.equal(isEnough({ ...other, caught: 16 }), false);
  const text = toMarkdown([result, other]);
  assert.match(text, /\| wasm glue \| 4 \| 2 \| 1 \| 1 \| 66 % \|\n\| files \| 20 \| 17 \| 0 \| 0 \| 85 % \|/);
  assert.deepEqual(fromMarkdown(text), [result, other]);
});

Deno.test("each line of which a fault is called equivalent is in its file", async () => {
  for (const { path, line } of EQUIVALENT) {
    const lines = (await Deno.readTextFile(join(ROOT, path))).split("\n").map((line) => line.trim());
    assert.ok(lines.includes(line), `${path}: ${line}`);
  }
});
