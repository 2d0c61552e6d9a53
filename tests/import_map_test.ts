/** A project of Deno that names the sources in its import map has options of its own for types, not those of here. */
import assert from "node:assert/strict";
import config from "../deno.json" with { type: "json" };

Deno.test("the sources have correct types with the options that Deno has by itself", async () => {
  const root = new URL("../", import.meta.url);
  const entries = Object.entries(config.imports).filter(([name]) => name.startsWith("rsync-streams"));
  assert.ok(entries.length >= 7);
  const imports = entries.map(([name, path]) => [name, new URL(path, root).href]);
  const others = Object.entries(config.imports).filter(([, path]) => path.startsWith("npm:"));
  const cwd = await Deno.makeTempDir();
  try {
    const map = { imports: Object.fromEntries([...imports, ...others]), nodeModulesDir: "none" };
    await Deno.writeTextFile(`${cwd}/deno.json`, JSON.stringify(map));
    await Deno.writeTextFile(`${cwd}/all.ts`, entries.map(([name]) => `import "${name}";\n`).join(""));
    const args = ["check", "--no-lock", "all.ts"];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});
