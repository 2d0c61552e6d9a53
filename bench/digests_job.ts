/** The speed of SHA-256 in one runtime, a row for each length of an update: what bench/digests.ts runs in each. */
import process from "node:process";
import { createSHA256 } from "hash-wasm";
import type { MakeSha256 } from "../src/digest/interface.ts";
import { portableSha256 } from "../src/digest/portable_sha256.ts";
import { nodeSha256 } from "../src/digest/node_sha256.ts";
import { wasmSha256 } from "../src/digest/wasm_sha256.ts";
import { randomBytes } from "./_data.ts";
import { row } from "./_run.ts";

const RUNS = 500;
/** Bytes of a run: so short that some runs have a core for themselves, whatever else the machine does. */
const LENGTH = 131_072;
const data = randomBytes(1, LENGTH);

type Work = (updateLength: number) => unknown;

/** Hashes in updates of one length; undefined where there is no such implementation. */
function inUpdates(make: MakeSha256 | undefined): Work | undefined {
  return make && ((updateLength) => {
    const digest = make();
    for (let at = 0; at < LENGTH; at += updateLength) digest.update(data.subarray(at, at + updateLength));
    return digest.digest();
  });
}

/** The speeds in MB/s of works that take turns: what the fastest tenth of the runs reached. */
async function measure(works: readonly (Work | undefined)[], updateLength: number) {
  const rates = works.map(() => [] as number[]);
  for (let run = 0; run < RUNS; run++) {
    for (const [i, work] of works.entries()) {
      if (!work) continue;
      const start = performance.now();
      const sum = work(updateLength);
      if (sum instanceof Promise) await sum;
      rates[i]!.push(LENGTH / 1e3 / (performance.now() - start));
    }
  }
  return rates.map((list) => list.sort((a, b) => b - a)[RUNS / 10]);
}

const peer = await createSHA256();
const hashWasm = inUpdates(() => {
  peer.init();
  return { update: (bytes) => peer.update(bytes), digest: () => peer.digest("binary").slice(), release() {} };
});
const subtle: Work = () => crypto.subtle.digest("SHA-256", data);
const ours = [nodeSha256(), wasmSha256(), portableSha256()].map(inUpdates);

for (const updateLength of [LENGTH, 1024, 64]) {
  const works = [...ours, hashWasm, updateLength === LENGTH ? subtle : undefined];
  const rates = await measure(works, updateLength);
  console.log(row([process.argv[2]!, updateLength, ...rates.map((rate) => rate?.toFixed(0) ?? "")]));
}
