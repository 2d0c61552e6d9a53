/**
 * Updates an application's archive, as an Electron application would: `updater.js URL FILE`, where URL/latest.json has
 * `{ "version", "file", "sha256" }`. Releases may lie behind redirects to signed URLs that expire: each request goes to
 * the URL here, so it is signed anew.
 */
import { rename, rm } from "node:fs/promises";
import process from "node:process";
import { atomicWritable, fileBasis } from "rsync-streams/files";
import { fetchUpdate } from "rsync-streams/http";

const [base, path] = process.argv.slice(2);

const latest = await (await fetch(new URL("latest.json", base), { cache: "no-store" })).json();
const basis = await fileBasis(path);
const next = `${path}.next`;
try {
  const { readable, stats } = await fetchUpdate(new URL(latest.file, base), basis, {
    onProgress: ({ bytesIn, bytesOut }) => process.stderr.write(`\r${bytesIn} bytes came, ${bytesOut} written`),
  });
  await readable.pipeTo(atomicWritable(next));
  // The manifest says what is right: have it signed, or get it from a place that you trust.
  if (stats.digest !== latest.sha256) throw new Error(`${latest.file} is not what latest.json says`);
  await basis.close();
  await rename(next, path); // Electron does this on its next start
  console.log(`version ${latest.version}: ${stats.bytesIn} bytes came for ${stats.bytesOut}`);
} finally {
  await basis.close();
  await rm(next, { force: true });
}
