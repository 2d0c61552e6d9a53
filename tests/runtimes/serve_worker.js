/**
 * Serves a bundled worker with an R2 bucket that holds one object, and prints where. Ends with its standard input.
 *
 *     node serve_worker.js FOLDER BINDING NAME FILE
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { Miniflare } from "miniflare";

const [folder, binding, name, path] = process.argv.slice(2);

const miniflare = new Miniflare({
  modules: [
    { type: "ESModule", path: join(folder, "worker.js") },
    { type: "CompiledWasm", path: join(folder, "kernel.wasm") },
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
