/**
 * Serves a bundled worker with an R2 bucket that holds one object, and prints where. Ends with its standard input.
 *
 *     node serve_worker.js FOLDER BINDING NAME FILE
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { Miniflare } from "miniflare";

const [folder, binding, name, path] = process.argv.slice(2);

const wasm = (await readdir(folder)).filter((file) => file.endsWith(".wasm"));
const miniflare = new Miniflare({
  modules: [
    { type: "ESModule", path: join(folder, "worker.js") },
    ...wasm.map((file) => ({ type: "CompiledWasm", path: join(folder, file) })),
  ],
  modulesRoot: folder,
  compatibilityDate: "2026-01-01",
  r2Buckets: [binding],
  cf: false,
});
const bucket = await miniflare.getR2Bucket(binding);
await bucket.put(name, await readFile(path));
console.log(`Listening on ${await miniflare.ready}`);
process.stdin.on("end", () => miniflare.dispose()).resume();
