/** The mutation run knows the sources as they are: `deno task mutate` itself takes too long for every run. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { AREAS } from "./mutation/areas.ts";
import { BY_HAND, locate } from "./mutation/by_hand.ts";
import { listFiles, ROOT } from "./mutation/checkout.ts";
import { syntacticFaults } from "./mutation/syntactic.ts";

/** Modules without behaviour of their own: types, constants, tables of contents. */
const NOT_IN_AREAS = /(^|\/)(mod|interface|types|platform_types)\.ts$|_generated|^src\/kernel\/rules\//;

Deno.test("each fault made by hand is of an area, and its text is in its file once", async () => {
  for (const made of BY_HAND) {
    assert.ok(AREAS.some(({ name }) => name === made.area), made.area);
    const text = await Deno.readTextFile(join(ROOT, made.path));
    const { start, end, replacement } = locate(made, text);
    assert.notEqual(text.slice(start, end), replacement, `${made.path}: ${made.kind}`);
  }
});

Deno.test("each area has sources, and tests that exist", async () => {
  const paths = await listFiles();
  for (const { name, files, tests } of AREAS) {
    assert.ok(paths.some((path) => files.test(path)), `${name} has no sources`);
    for (const test of tests) assert.ok(paths.includes(`tests/${test}_test.ts`), `${name} names ${test}_test.ts`);
  }
});

Deno.test("each module with code is in one area", async () => {
  const paths = (await listFiles()).filter((path) => /^(src|assembly)\/.*\.ts$/.test(path));
  for (const path of paths.filter((path) => !NOT_IN_AREAS.test(path))) {
    const names = AREAS.filter(({ files }) => files.test(path)).map(({ name }) => name);
    assert.equal(names.length, 1, `${path} is in ${names.length} areas: ${names}`);
  }
});

Deno.test("syntacticFaults() finds what can be wrong, and passes over types and words", () => {
  const text = `
    type Small = 1 | 2;
    function f(n: number): boolean {
      if (n < 3) g(n);
      if (n > 9) throw new Error(\`more than \${1 + 8}\`);
      return true;
    }`;
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
  ]);
});
