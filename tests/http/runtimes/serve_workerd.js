/** Serves a bundled worker in workerd, with a bucket of all files of a folder: `node serve_workerd.js FOLDER ROOT`. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { Miniflare } from "miniflare";

const [folder, root] = process.argv.slice(2);
const TYPES = { html: "text/html", js: "text/javascript", txt: "text/plain" };

const wasm = (await readdir(folder)).filter((file) => file.endsWith(".wasm"));
const miniflare = new Miniflare({
  modules: [
    { type: "ESModule", path: join(folder, "worker.js") },
    ...wasm.map((file) => ({ type: "CompiledWasm", path: join(folder, file) })),
  ],
  modulesRoot: folder,
  compatibilityDate: "2026-01-01",
  r2Buckets: ["FILES"],
  cf: false,
});
const bucket = await miniflare.getR2Bucket("FILES");
const names = (await readdir(root, { recursive: true })).filter((name) => name.includes("."));
// Signatures come after all files: one that is older than its file counts as stale.
const isSig = (name) => name.endsWith(".rsig");
for (const name of [...names.filter((name) => !isSig(name)), ...names.filter(isSig)]) {
  const contentType = TYPES[name.split(".").at(-1)];
  await bucket.put(name, await readFile(join(root, name)), contentType && { httpMetadata: { contentType } });
}
console.log(`Listening on ${await miniflare.ready}`);
process.stdin.on("end", () => miniflare.dispose()).resume();
