/** Bytes of rdiff: its signature goes up, its delta comes down, by itself and by gzip. All by its own defaults. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { COMPRESSORS } from "./compressed.ts";
import { checkEqual, run, versionOf } from "./processes.ts";
import type { Pair, Peer, Traffics } from "./traffic.ts";

/** The peer. */
export const rdiffPeer: Peer = {
  name: "rdiff",
  source: "Debian: apt-get install rdiff",
  find: () => {
    const version = versionOf(["rdiff", "--version"], /librsync (\S+)\)/);
    return version === undefined ? undefined : { version: `rdiff ${version}`, measure };
  },
};

async function measure({ basis, target }: Pair, work: string): Promise<Traffics> {
  await run(["rdiff", "signature", basis, "signature"], work);
  await run(["rdiff", "delta", "signature", target, "delta"], work);
  await run(["rdiff", "patch", basis, "delta", "result"], work);
  checkEqual(join(work, "result"), target, "rdiff");
  const up = statSync(join(work, "signature")).size;
  const delta = readFileSync(join(work, "delta"));
  return {
    "rdiff": { up, down: delta.length },
    "rdiff, gzip": { up, down: COMPRESSORS.gzip(delta).length },
  };
}
