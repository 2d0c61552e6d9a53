/**
 * Runs the cases in workerd, by way of miniflare, and prints what came of them as one line of JSON.
 *
 *     node workerd.js wasm|portable MIB FOLDER
 *
 * The folder holds worker.js, bundled, and what it imports.
 */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { Miniflare } from "miniflare";

const [backend, mib, folder] = process.argv.slice(2);

const modules = [{ type: "ESModule", path: join(folder, "worker.js") }];
for (const name of readdirSync(folder).filter((name) => name.endsWith(".wasm"))) {
  modules.push({ type: "CompiledWasm", path: join(folder, name) });
}
const miniflare = new Miniflare({
  modules,
  modulesRoot: folder,
  compatibilityDate: "2026-01-01",
  cf: false,
});
try {
  const body = JSON.stringify({ backend, mib: Number(mib) });
  const response = await miniflare.dispatchFetch("http://localhost/", { method: "POST", body });
  const text = await response.text();
  if (!response.ok) throw new Error(`The worker answered ${response.status}: ${text}`);
  const { version } = createRequire(createRequire(import.meta.url).resolve("miniflare"))("workerd/package.json");
  console.log(JSON.stringify({ version, ...JSON.parse(text) }));
} finally {
  await miniflare.dispose();
}
