/** deno task bench NAME [OPTIONS]. Without a name: what there is. */
import process from "node:process";
import { bytes } from "./bytes/main.ts";
import { digests } from "./digests.ts";
import { hostile } from "./hostile.ts";
import { httpLoad } from "./http_load.ts";
import { kernel } from "./kernel.ts";
import { peers } from "./peers.ts";
import { scaling } from "./scaling.ts";
import { streams } from "./streams.ts";
import { weakSums } from "./weak_sums.ts";

const benches: Record<string, (args: string[]) => Promise<void> | void> = {
  kernel,
  peers,
  scaling,
  streams,
  hostile,
  "weak-sums": weakSums,
  bytes,
  digests,
  "http-load": httpLoad,
};
const [name, ...args] = process.argv.slice(2);

if (name === undefined || name === "--help") {
  console.log(`deno task bench NAME [OPTIONS]

kernel    loops in memory: portable against wasm, and against node:crypto and hash-wasm
peers     whole processes against rdiff: --size MIB --rounds N --blocks A,B --only "NAME;NAME" --runtimes deno,node,bun
scaling   16 MiB to 1 GiB: time per byte and memory: --max MIB
streams   the cost of streams alone
weak-sums  the rolling sums: speed in each runtime, and false alarms on real data: --runtimes deno,node,bun
digests   SHA-256: its three implementations and crypto.subtle, in each runtime: --runtimes deno,node,bun
hostile   adversarial and natural inputs, against random ones: --backends wasm,portable --only WORDS
bytes     on the wire, beside rsync, zsync and rdiff: --pairs "NAME;NAME" --json --sweep --growth --max MIB
          --http --latency MS
http-load memory of servers and clients: --clients N --size MIB --max MIB`);
} else if (benches[name]) {
  await benches[name](args);
} else {
  console.error(`no benchmark ${name}: ${Object.keys(benches).join(", ")}`);
  process.exit(1);
}
