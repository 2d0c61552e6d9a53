/** Updates a file to the server's version: `client.js URL FILE`, in Node, Bun or Deno. */
import { existsSync } from "node:fs";
import process from "node:process";
import { atomicWritable, fileBasis } from "rsync-streams/files";
import { fetchUpdate } from "rsync-streams/http";

const [url, path] = process.argv.slice(2);

const basis = existsSync(path) ? await fileBasis(path) : undefined;
try {
  const { readable, plan, stats } = await fetchUpdate(url, basis);
  // Replaces the file at the end, once the digest of the new one was checked.
  await readable.pipeTo(atomicWritable(path));
  const way = stats.fallback ? `full: ${stats.fallback}` : plan.way;
  console.log(`${stats.bytesIn} bytes came for ${stats.bytesOut}, in ${stats.requests} requests (${way})`);
} finally {
  await basis?.close();
}
