/** Runs of `serve` in this process. */
import { createConnection } from "node:net";
import { type Output, run } from "../_cli_inside.ts";
import { inFolder } from "../_cli_runner.ts";
import { randomBytes } from "../_recipes.ts";
import { until } from "../_until.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The file that is served. */
export const FILE = randomBytes(1, 5000);

interface Served {
  /** The folder that is served. It has `f`, of 5,000 bytes, and is in another one, which is empty otherwise. */
  folder: string;
  url: string;
  port: number;
}

/** Serves a folder while something is done, and returns what the command has said. */
export async function serving(flags: string[], work: (served: Served) => Promise<void>): Promise<Output> {
  let output: Output | undefined;
  await inFolder(async (outside) => {
    const folder = `${outside}/dir`;
    await Deno.mkdir(folder);
    await Deno.writeFile(`${folder}/f`, FILE);
    await Deno.utime(`${folder}/f`, 1e9, 1e9);
    const end = new AbortController();
    let listening = "";
    const ended = run(outside, ["serve", "--port", "0", "--json", ...flags, folder], {
      signal: end.signal,
      onOut: (text) => listening += text,
    });
    try {
      await until("a server", () => listening.includes("\n"));
      const { url } = JSON.parse(listening);
      await work({ folder, url, port: Number(new URL(url).port) });
    } finally {
      end.abort(new Error("enough"));
      output = await ended;
    }
  });
  return output!;
}

/** The lines of a log, without the time that each request took. */
export function linesOf({ err }: Output): string[] {
  const lines = err.split("\n").slice(0, -1).map((line) => line.replace(/ \d+ ms/, ""));
  return lines.map((line) => line.replace(/^rsync-streams: /, ""));
}

/** Sends bytes as they are, and returns the answer as a text. */
export function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (data) => text += data);
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.write(request);
  });
}

/** The status of an answer that is a text. */
export const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);
/** A request without a body. */
export const ask = (line: string, host = "localhost") =>
  `${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

/** The answer to a request. */
export async function bodyOf(
  url: string,
  init: RequestInit = {},
): Promise<[status: number, body: Bytes, headers: Headers]> {
  const response = await fetch(url, init);
  return [response.status, new Uint8Array(await response.arrayBuffer()), response.headers];
}
