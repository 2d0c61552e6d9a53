/** Runs each TypeScript block of the docs as a program of its own, in a folder with two files, `old` and `new`. */
import assert from "node:assert/strict";
import { make } from "./_recipes.ts";

const ROOT = new URL("../", import.meta.url);

const folders = ["docs/", "docs/formats/"];
const pages = folders.flatMap((folder) => {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT)), ({ name }) => folder + name);
}).filter((path) => path.endsWith(".md")).sort();

async function run(code: string): Promise<void> {
  const cwd = await Deno.makeTempDir();
  try {
    const text = make({ gen: "text", seed: 1, len: 100_000 });
    await Deno.writeFile(`${cwd}/old`, text);
    await Deno.writeFile(`${cwd}/new`, text.subarray(0, 50_000));
    await Deno.writeTextFile(`${cwd}/example.ts`, code);
    const config = new URL("deno.json", ROOT).pathname;
    const args = ["run", "--allow-all", "--check", "--no-lock", "--config", config, "example.ts"];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

for (const path of ["README.md", ...pages]) {
  const blocks = Deno.readTextFileSync(new URL(path, ROOT)).matchAll(/^( *)```ts\n([^]*?)^\1```$/gm);
  for (const [index, [, , code = ""]] of [...blocks].entries()) {
    Deno.test(`example ${index + 1} of ${path} runs`, () => run(code));
  }
}
