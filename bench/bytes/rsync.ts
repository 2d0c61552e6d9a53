/**
 * Bytes of rsync. The receiver has the basis and pulls the target from a sender on this machine. In place of ssh it
 * runs count_pipe.ts, which counts all that passes between both, file names and handshake too: some 200 bytes.
 */
import { linkSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { checkEqual, run, versionOf } from "./processes.ts";
import type { Pair, Peer, Traffic, Traffics } from "./traffic.ts";

const COUNT_PIPE = fileURLToPath(new URL("count_pipe.ts", import.meta.url));

/**
 * A file that looks unchanged is sent all the same, as a delta, and the seed of the sums is the same each time. A
 * pipe that does not block is nothing for Deno.
 */
const OPTIONS = ["--ignore-times", "--no-whole-file", "--checksum-seed=1", "--blocking-io"];

/** rsync -z takes zstd where both sides have it. Its old zlib is the one that also learns from what matched. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  "rsync": [],
  "rsync -z": ["--compress"],
  "rsync -z, zlib": ["--compress", "--compress-choice=zlib"],
};

/** Makes the peer. `program` is the command rsync, or the path of another version. Without `ways`: all. */
export function rsyncPeer(program: string, ways: readonly string[] = Object.keys(WAYS)): Peer {
  return {
    name: "rsync",
    source: "Debian: apt-get install rsync",
    find: () => {
      const version = versionOf([program, "--version"], /version (\S+)/);
      if (version === undefined) return undefined;
      return { version: `rsync ${version}`, measure: (pair, work) => measure(program, ways, pair, work) };
    },
  };
}

async function measure(program: string, ways: readonly string[], pair: Pair, work: string): Promise<Traffics> {
  const traffics: Traffics = {};
  // rsync puts a new file in the place of this link, so the basis stays.
  linkSync(pair.target, join(work, "target"));
  for (const way of ways) {
    const options = WAYS[way]!;
    const file = `file.${options.length}`;
    const counts = join(work, `counts.${options.length}`);
    linkSync(pair.basis, join(work, file));
    const shell = [process.execPath, "run", "-A", "--no-config", COUNT_PIPE, counts].map(quoted).join(" ");
    const common = [...OPTIONS, ...options, `--rsync-path=${program}`, `--rsh=${shell}`];
    await run([program, ...common, `here:${join(work, "target")}`, file], work);
    checkEqual(join(work, file), pair.target, way);
    traffics[way] = JSON.parse(readFileSync(counts, "utf8")) as Traffic;
  }
  return traffics;
}

/** A word of the command of `--rsh`. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "''")}'`;
}
