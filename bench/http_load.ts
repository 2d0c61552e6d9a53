/** Memory of servers and clients over HTTP: many clients at once, and long files. Each side is a process of its own. */
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { peakOf, startLoadServer } from "../tests/http/load.ts";
import { MIB, randomChunks } from "./_data.ts";
import { row, runOnce } from "./_run.ts";

const JOB = fileURLToPath(new URL("http_load_job.ts", import.meta.url));
/** Processes that the clients are spread over. */
const PROCESSES = 4;
/** Bytes that differ in the long file, at so many places; and in one that has changed much, a part of it. */
const EDITS = 200;
const NEW_SHARE = 0.1;

/** Writes random bytes, and a version of them with edits, of which the first `newShare` is other bytes. */
function writePair(target: string, basis: string, length: number, newShare: number): string {
  const files = [openSync(target, "w"), openSync(basis, "w")];
  const hash = createHash("sha256");
  const step = Math.floor(length / EDITS);
  const other = [...randomChunks(99, MIB)][0]!;
  let at = 0;
  // From a pool, with its offset in it, so that no MiB comes again.
  const pool = [...randomChunks(5, Math.min(length, 64 * MIB))];
  for (let i = 0; at < length; i++) {
    const chunk = pool[i % pool.length]!.slice();
    const words = new Uint32Array(chunk.buffer);
    for (let word = 0; word < words.length; word += 128) words[word] = at + word;
    hash.update(chunk);
    writeSync(files[0]!, chunk);
    for (let edit = Math.ceil(at / step) * step; edit < at + chunk.length; edit += step) chunk[edit - at]! ^= 1;
    if (at < length * newShare) chunk.forEach((byte, k) => chunk[k] = byte ^ other[k]!);
    writeSync(files[1]!, chunk);
    at += chunk.length;
  }
  files.forEach(closeSync);
  return hash.digest("hex");
}

const mib = (bytes: number) => (bytes / MIB).toFixed(0);

export async function httpLoad(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      clients: { type: "string", default: "200" },
      size: { type: "string", default: "64" },
      max: { type: "string", default: "1024" },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), "rsync-streams-bench-"));
  const path = (name: string) => join(folder, name);
  const job = (...args: (string | number)[]) =>
    runOnce([Deno.execPath(), "run", "-A", "--quiet", JOB, ...args.map(String)]);
  try {
    const clients = Number(values.clients);
    console.log(
      `${clients} clients at once, in ${PROCESSES} processes, each from another version of ${values.size} MiB\n`,
    );
    console.log(
      row([
        "served by",
        "server: peak MiB",
        "before",
        "bytes read",
        "requests at once",
        "told to wait",
        "clients: peak MiB of a process",
        "seconds",
      ]),
    );
    console.log(row(Array(8).fill("---")));
    const digest = writePair(path("file"), path("unused"), Number(values.size) * MIB, 0);
    rmSync(path("unused"));
    for (const kind of ["handler", "plain"]) {
      await using server = await startLoadServer(folder);
      // The first one has the signature made.
      await job(kind, new URL(`${kind}/file`, server.url).href, path("file"), digest, 0, 1);
      const before = peakOf(server.pid);
      const share = Math.ceil(clients / PROCESSES);
      const runs = await Promise.all(Array.from({ length: PROCESSES }, (_, i) => {
        return job(kind, new URL(`${kind}/file`, server.url).href, path("file"), digest, 1 + i * share, share);
      }));
      const { bytesRead, maxRequests, refused } = await server.counts();
      const peak = Math.max(...runs.map(({ peak }) => peak));
      const seconds = Math.max(...runs.map(({ seconds }) => seconds)).toFixed(1);
      console.log(
        row([
          kind === "plain" ? "a plain download" : kind,
          mib(peakOf(server.pid)),
          mib(before),
          `${mib(bytesRead)} MiB`,
          maxRequests,
          refused,
          mib(peak),
          seconds,
        ]),
      );
    }

    console.log(
      `\nOne client, peak MiB of client · server. "Edits": ${EDITS} bytes differ. "New": ${
        NEW_SHARE * 100
      } % is new too\n`,
    );
    const jobs = ["plain download", "download, edits", "download, new", "upload, edits", "upload, new"];
    console.log(row(["MiB", ...jobs]));
    console.log(row(["---", ...jobs.map(() => "---")]));
    for (let size = 64; size <= Number(values.max); size *= 4) {
      const cells: string[] = [];
      for (const name of jobs) {
        const newShare = name.endsWith("new") ? NEW_SHARE : 0;
        const digest = writePair(path("file"), path("basis"), size * MIB, newShare);
        await using server = await startLoadServer(folder);
        const { peak, seconds } = name.startsWith("upload")
          // The server has the old one.
          ? await job("upload", new URL("handler/basis", server.url).href, path("file"))
          : await job(
            name === "plain download" ? "plain" : "download",
            new URL(`${name === "plain download" ? "plain" : "handler"}/file`, server.url).href,
            path("basis"),
            digest,
          );
        if (name.startsWith("upload") && statSync(path("basis")).size !== size * MIB) throw new Error("another file");
        cells.push(`${mib(peak)} · ${mib(peakOf(server.pid))} (${seconds.toFixed(1)} s)`);
      }
      console.log(row([size, ...cells]));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
