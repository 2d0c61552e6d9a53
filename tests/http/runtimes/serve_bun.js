/** `Bun.serve`, with `Bun.file` for the folder: `bun serve_bun.js ROOT`. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { diskStore } from "./disk_store.js";
import { makeSite } from "./site.js";

const [root] = process.argv.slice(2);
const names = readdirSync(root, { recursive: true }).filter((name) => name.includes("."));

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  // The default ends connections on which nothing happens for 10 s.
  idleTimeout: 60,
  // The default is 128 MiB.
  maxRequestBodySize: 2 ** 30,
  routes: Object.fromEntries(names.map((name) => [`/static/${name}`, new Response(Bun.file(join(root, name)))])),
  fetch: makeSite(diskStore(root)),
});
console.log(`Listening on ${server.url}`);
