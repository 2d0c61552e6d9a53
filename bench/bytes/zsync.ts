/**
 * Bytes of zsync: a server on this machine hands out the control file of zsyncmake and ranges of the target. What it
 * hands out is counted, without requests, headers and the borders between parts of one answer.
 */
import { createReadStream, linkSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { checkEqual, run, versionOf } from "./processes.ts";
import type { Pair, Peer, Traffics } from "./traffic.ts";

/** The peer. */
export const zsyncPeer: Peer = {
  name: "zsync",
  source: "Debian: apt-get install zsync",
  find: () => {
    const version = versionOf(["zsync", "-V"], /zsync v(\S+)/);
    return version === undefined ? undefined : { version: `zsync ${version}`, measure };
  },
};

async function measure({ basis, target }: Pair, work: string): Promise<Traffics> {
  linkSync(target, join(work, "target"));
  await run(["zsyncmake", "-u", "target", "-o", "control.zsync", "target"], work);
  let down = 0;
  const server = createServer((request, response) => void answer(work, request, response, (length) => down += length));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await run(["zsync", "-q", "-i", basis, "-o", "result", `http://127.0.0.1:${port}/control.zsync`], work);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  checkEqual(join(work, "result"), target, "zsync");
  return { zsync: { up: 0, down } };
}

const BORDER = "border-between-parts";

/** Answers with a file of the folder, whole, in one range or in several parts. */
async function answer(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
  count: (length: number) => void,
): Promise<void> {
  const path = join(folder, new URL(request.url!, "http://127.0.0.1").pathname);
  const { size } = statSync(path);
  const ranges = rangesOf(request.headers.range, size);
  const [first] = ranges;
  // zsync does not understand chunks of unknown length, so each answer tells its length.
  const part = ({ start, end }: Range) =>
    `\r\n--${BORDER}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${start}-${end}/${size}\r\n\r\n`;
  const closing = `\r\n--${BORDER}--\r\n`;
  const lengths = ranges.map(({ start, end }) => end + 1 - start);
  const length = lengths.reduce((sum, length) => sum + length, 0);
  count(length);
  if (!request.headers.range) response.writeHead(200, { "Content-Length": size });
  else if (ranges.length === 1) {
    response.writeHead(206, {
      "Content-Length": length,
      "Content-Range": `bytes ${first!.start}-${first!.end}/${size}`,
    });
  } else {
    const heads = ranges.reduce((sum, range) => sum + part(range).length, closing.length);
    const type = `multipart/byteranges; boundary=${BORDER}`;
    response.writeHead(206, { "Content-Length": length + heads, "Content-Type": type });
  }
  const many = ranges.length > 1;
  for (const range of ranges) {
    if (many) response.write(part(range));
    for await (const chunk of createReadStream(path, range)) {
      if (!response.write(chunk)) await new Promise((resolve) => response.once("drain", resolve));
    }
  }
  response.end(many ? closing : undefined);
}

/** First and last offset. */
interface Range {
  start: number;
  end: number;
}

function rangesOf(header: string | undefined, size: number): Range[] {
  if (!header) return [{ start: 0, end: size - 1 }];
  return header.replace("bytes=", "").split(",").map((text) => {
    const [start, end] = text.split("-");
    return { start: Number(start), end: Math.min(end ? Number(end) : size - 1, size - 1) };
  });
}
