/** Runs each TypeScript block of the docs as a program of its own, in a folder with two files, `old` and `new`. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { make } from "./_recipes.ts";

const ROOT = new URL("../", import.meta.url);
const CONFIG = ["--no-lock", "--config", fileURLToPath(new URL("deno.json", ROOT))];

/** The blocks of a page. Those in a list are indented. */
function blocksOf(path: string): string[] {
  const page = Deno.readTextFileSync(new URL(path, ROOT));
  return Array.from(page.matchAll(/^( *)```ts\n([^]*?)^\1```$/gm), ([, , code]) => code!);
}

async function deno(cwd: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}

const pages = ["docs/", "docs/formats/"].flatMap((folder) => {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT)), ({ name }) => folder + name);
}).filter((path) => path.endsWith(".md")).sort();

Deno.test("the examples of the docs run", async (t) => {
  const cwd = await Deno.makeTempDir();
  try {
    const text = make({ gen: "text", seed: 1, len: 100_000 });
    await Deno.writeFile(`${cwd}/old`, text);
    await Deno.writeFile(`${cwd}/new`, text.subarray(0, 50_000));
    const examples = ["README.md", ...pages].flatMap((path) => {
      return blocksOf(path).map((code, i) => ({ title: `${path}, block ${i + 1}`, code }));
    });
    const files = examples.map((_, i) => `example_${i}.ts`);
    for (const [i, file] of files.entries()) await Deno.writeTextFile(`${cwd}/${file}`, examples[i]!.code);

    await t.step("type check", () => deno(cwd, "check", ...CONFIG, ...files));
    for (const [i, file] of files.entries()) {
      await t.step(examples[i]!.title, () => deno(cwd, "run", "--allow-all", "--no-check", ...CONFIG, file));
    }
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
