/** Updates a file to the server's version: `client.js URL FILE`, in Node, Bun or Deno. */
import process from "node:process";
import { patchStream, sigStream } from "rsync-streams";
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";

const [url, path] = process.argv.slice(2);

const sig = await new Response(fileReadable(path).pipeThrough(sigStream())).blob();
const response = await fetch(url, { method: "POST", body: sig });
if (!response.ok) throw new Error(`The server answered ${response.status}: ${await response.text()}`);

const basis = await fileBasis(path);
try {
  const patch = patchStream(basis);
  // Replaces the file at the end, once the digest of the new one was checked.
  await response.body.pipeThrough(patch).pipeTo(atomicWritable(path));
  console.log(`${patch.stats.bytesIn} bytes came for ${patch.stats.bytesOut}`);
} finally {
  await basis.close();
}
