/**
 * Runs the cases in workerd, and prints what came of them as one line of JSON.
 *
 *     node workerd.js OPTIONS FOLDER COMPATIBILITY_DATE
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Miniflare } from "miniflare";

const [options, folder, compatibilityDate] = process.argv.slice(2);

const wasm = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
const miniflare = new Miniflare({
  modules: [
    { type: "ESModule", path: join(folder, "worker.js") },
    ...wasm.map((name) => ({ type: "CompiledWasm", path: join(folder, name) })),
  ],
  modulesRoot: folder,
  compatibilityDate,
  cf: false,
});
try {
  const response = await miniflare.dispatchFetch("http://localhost/", { method: "POST", body: options });
  const text = await response.text();
  if (!response.ok) throw new Error(`The worker answered ${response.status}: ${text}`);
  console.log(text);
} finally {
  await miniflare.dispose();
}
