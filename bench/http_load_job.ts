/**
 * What a client of http_load.ts does in its process. It fails if a result is wrong.
 *
 *     handler|plain URL FILE DIGEST FIRST COUNT   clients at once, each with another version of FILE
 *     download URL BASIS DIGEST                   one client with a local file
 *     upload URL FILE                             one client that sends a file
 */
import { createHash } from "node:crypto";
import process from "node:process";
import { fileBasis } from "rsync-streams/files";
import { fetchUpdate, sendUpdate } from "rsync-streams/http";
import { versionOf } from "../tests/http/load.ts";

const [kind, url, path, digest, first = "0", count = "1"] = process.argv.slice(2) as [
  string,
  string,
  string,
  ...string[],
];

/** Clients of one process take turns at its core, so an answer that has come may have to wait for its reader. */
const TIMEOUT_MS = 1_800_000;

function check(seen: string | undefined): void {
  if (seen !== digest) throw new Error(`the result has SHA-256 ${seen}, ${digest} was expected`);
}

async function plain(): Promise<void> {
  const hash = createHash("sha256");
  for await (const chunk of (await fetch(url)).body!) hash.update(chunk);
  check(hash.digest("hex"));
}

async function update(basis: Parameters<typeof fetchUpdate>[1]): Promise<void> {
  const { readable, stats } = await fetchUpdate(url, basis, { timeoutMs: TIMEOUT_MS });
  for await (const _ of readable);
  check(stats.digest);
  if (stats.fallback !== undefined) throw new Error(`the whole file came: ${stats.fallback}`);
}

if (kind === "upload") {
  await using target = await fileBasis(path);
  const { status } = await sendUpdate(url, target);
  if (status !== "updated") throw new Error(`the file was ${status}`);
} else if (kind === "download") {
  await using basis = await fileBasis(path);
  await update(basis);
} else {
  const target = await Deno.readFile(path);
  const numbers = Array.from({ length: Number(count) }, (_, i) => Number(first) + i);
  await Promise.all(numbers.map((number) => kind === "plain" ? plain() : update(versionOf(target, number))));
}
