/**
 * Updates a file the classic way: sends its signature, and gets a delta. The server searches, and this client only
 * patches, which suits a device that is slow. `delta_client.js URL FILE`, in Node, Bun or Deno.
 */
import process from "node:process";
import { patchStream, sigStream } from "rsync-streams";
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";

const [url, path] = process.argv.slice(2);

const basis = await fileBasis(path);
try {
  const sig = await new Response(fileReadable(path).pipeThrough(sigStream({ fileLength: basis.size }))).blob();
  const headers = { "Content-Type": "application/vnd.rsync-streams.sig" };
  const response = await fetch(url, { method: "POST", headers, body: sig });
  if (!response.ok) throw new Error(`The server answered ${response.status}: ${await response.text()}`);
  const patch = patchStream(basis);
  await response.body.pipeThrough(patch).pipeTo(atomicWritable(path));
  console.log(`${sig.size} bytes went, ${patch.stats.bytesIn} came for ${patch.stats.bytesOut}`);
} finally {
  await basis.close();
}
