/**
 * Serves files of a folder in a process of its own, so that its memory can be seen, and counts.
 *
 *     deno run -A _load_server.ts FOLDER
 *
 * `/handler/NAME` is answered by `syncHandler`, `/plain/NAME` with the file as a stream, and `/counts` with the counts.
 */
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";
import { syncHandler } from "rsync-streams/http";
import type { LoadCounts } from "./load.ts";

const [folder] = Deno.args as [string];
const counts: LoadCounts = { requests: 0, bytesRead: 0, maxRequests: 0, refused: 0 };
const pathOf = ({ pathname }: URL) => `${folder}/${pathname.split("/").at(-1)}`;
let versions = 0;

const handler = syncHandler({
  maxOutputLength: 2 ** 31,
  async open(url) {
    const basis = await fileBasis(pathOf(url)).catch(() => undefined);
    if (!basis) return undefined;
    const size = basis.size!;
    const readInto = async (buffer: Uint8Array, offset: number) => {
      const count = await basis.readInto!(buffer, offset);
      counts.bytesRead += count;
      return count;
    };
    const read = async (offset: number, length: number) => {
      const buffer = new Uint8Array(length);
      return buffer.subarray(0, await readInto(buffer, offset));
    };
    return { basis: { size, read, readInto }, size, entityTag: `"${versions}"`, close: () => basis.close() };
  },
  async commit(url, readable) {
    await readable.pipeTo(atomicWritable(pathOf(url)));
    versions++;
  },
});

let underWay = 0;
const server = Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}/`),
}, async (request) => {
  const url = new URL(request.url);
  if (url.pathname === "/counts") return Response.json(counts);
  counts.requests++;
  counts.maxRequests = Math.max(counts.maxRequests, ++underWay);
  const { readable, writable } = new TransformStream();
  const response = url.pathname.startsWith("/plain/")
    ? new Response(fileReadable(pathOf(url)))
    : await handler(request);
  if (response.status === 503) counts.refused++;
  const over = () => void underWay--;
  if (!response.body) {
    over();
    return response;
  }
  response.body.pipeTo(writable).then(over, over);
  return new Response(readable, response);
});
await server.finished;
