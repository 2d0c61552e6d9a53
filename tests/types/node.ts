/** Sources and bases of Node, which Bun has too. */
import { Blob as NodeBlob } from "node:buffer";
import { createReadStream, openAsBlob } from "node:fs";
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import { Readable, Writable } from "node:stream";
import { ReadableStream as NodeReadableStream } from "node:stream/web";
import { createGunzip } from "node:zlib";
import { Buffer } from "node:buffer";
import { type Basis, type ByteSource, loadSigs, patchStream, sigStream } from "rsync-streams";
import { LayeredSig, planSync } from "rsync-streams/sync";

createServer(async (req, res) => {
  await loadSigs(req);
  await loadSigs(Readable.toWeb(req));
  res.end();
});

/** Each kind of source. */
export async function nodeSources(readable: Readable): Promise<ByteSource[]> {
  await loadSigs(readable);
  await loadSigs(Readable.from([new Uint8Array(5)]));
  await loadSigs(readable.pipe(createGunzip()));
  await loadSigs(createReadStream("file"));
  await loadSigs(Readable.toWeb(createReadStream("file")));
  await loadSigs(new NodeReadableStream<Uint8Array>());
  await loadSigs(new NodeBlob(["x"]));
  await loadSigs(Buffer.from("x"));
  const handle = await open("file");
  await loadSigs(handle.readableWebStream());
  return [readable, Readable.toWeb(readable), createReadStream("file"), handle.createReadStream()];
}

/** Streams of Node at both ends, with lib DOM and without. */
export async function nodePipe(from: Readable, to: Writable): Promise<void> {
  const readable = Readable.toWeb(from) as unknown as ReadableStream<Uint8Array>;
  const writable = Writable.toWeb(to) as unknown as WritableStream<Uint8Array>;
  await readable.pipeThrough(sigStream()).pipeTo(writable);
}

/** Each kind of basis. */
export async function nodeBases(): Promise<Basis[]> {
  const handle = await open("file");
  patchStream(handle);
  await planSync(await LayeredSig.open(handle), handle);
  patchStream(await openAsBlob("file"));
  return [handle, new NodeBlob(["x"]), Buffer.from("x"), await openAsBlob("file")];
}
