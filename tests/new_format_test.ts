import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const root = new URL("..", import.meta.url).pathname;

/** Adds text after another text. */
async function addAfter(path: string, before: string, added: string): Promise<void> {
  const text = await readFile(path, "utf8");
  assert.ok(text.includes(before), `${path} does not have ${before}`);
  await writeFile(path, text.replace(before, `${before}${added}`));
}

Deno.test("a new wire format is one folder, and its name and a line in each table of formats", async () => {
  const copy = await mkdtemp(join(tmpdir(), "rsync-streams-format-"));
  try {
    for (const name of ["src", "mod.ts", "deno.json", "deno.lock"]) {
      await cp(join(root, name), join(copy, name), { recursive: true });
    }
    await cp(join(root, "tests/new_format/toy.ts"), join(copy, "src/formats/toy/mod.ts"));
    await cp(join(root, "tests/new_format/use.ts"), join(copy, "use.ts"));
    const table = join(copy, "src/formats/mod.ts");
    await addAfter(join(copy, "src/formats/format.ts"), '| "librsync"', ' | "toy"');
    await addAfter(table, "librsync: librsyncTraits,", "toy: toyTraits,");
    await addAfter(table, "librsync: openLibrsyncDelta,", "toy: openToyDelta,");
    await addAfter(table, "librsync: openLibrsyncPatch,", "toy: openToyDelta,");
    await addAfter(table, "librsync: librsyncEncoding,", "toy: toyEncoding,");
    await addAfter(table, "\n  librsync,", "\n  toy,");
    const imports = 'import { openToyDelta, toy, toyEncoding, toyTraits } from "./toy/mod.ts";\n';
    await addAfter(table, './rsync_streams/traits.ts";\n', imports);
    const run = promisify(execFile);
    await run(Deno.execPath(), ["run", "--check", "-A", "use.ts"], { cwd: copy });
  } finally {
    await rm(copy, { recursive: true });
  }
});
