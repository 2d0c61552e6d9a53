/**
 * Compares the two rolling sums: their speed in each runtime, and how often they are wrong on real data.
 *
 *     deno task bench weak-sums [--runtimes deno,node,bun]
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deltaStream, loadSigs, sigStream, type WeakSum } from "rsync-streams";
import { packageTar } from "../scripts/package_tar.ts";
import { drain, MIB, randomBytes, streamOf, temporaryFolder } from "./_data.ts";
import { row } from "./_run.ts";
import { bundle, findRuntimes } from "./_runtimes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Bytes of each file, at most. */
const LENGTH = 16 * MIB;

export async function weakSums(argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { runtimes: { type: "string", default: "deno,node,bun" } } });
  const folder = temporaryFolder();
  try {
    const script = bundle("weak_sums_job.ts", join(folder.path, "weak_sums_job.mjs"));
    console.log("MB/s of processor time, with BLAKE3; medians of seven rounds in turn\n");
    console.log(row(["runtime", "backend", "job", "rabinkarp", "rollsum"]));
    console.log(row(Array(5).fill("---")));
    for (const { name, command: [program, ...args] } of await findRuntimes(values.runtimes.split(","))) {
      const { status } = spawnSync(program!, [...args, script, name], { stdio: ["ignore", "inherit", "inherit"] });
      if (status !== 0) throw new Error(`${name} ended with ${status}`);
    }
  } finally {
    folder.remove();
  }
  await falseAlarms();
}

async function falseAlarms(): Promise<void> {
  console.log('\nFalse alarms; "by chance" is what a sum of 32 random bits would have\n');
  console.log(row(["data", "block", "by chance", "rabinkarp", "rollsum"]));
  console.log(row(Array(5).fill("---")));
  for (const [name, basis, target] of await pairs()) {
    for (const blockLength of [16, 64, 256, 1024, 4096]) {
      const [ours, theirs] = [
        await count(basis, target, blockLength, "rabinkarp"),
        await count(basis, target, blockLength, "rollsum"),
      ];
      const windows = target.length - ours.copiedBytes;
      const chance = Math.round(windows * ours.sigCount / 2 ** 32);
      console.log(row([name, blockLength, chance, ours.falseAlarms, theirs.falseAlarms]));
    }
  }
}

async function count(basis: Bytes, target: Bytes, blockLength: number, weakSum: WeakSum) {
  const sig = streamOf(basis).pipeThrough(sigStream({ blockLength, weakSum }));
  const delta = deltaStream(await loadSigs(sig), { digest: false });
  await drain(streamOf(target).pipeThrough(delta));
  return delta.stats;
}

async function pairs(): Promise<[name: string, basis: Bytes, target: Bytes][]> {
  const text = async (version: string) => {
    return Uint8Array.from(readFileSync(await packageTar("typescript", version)).subarray(0, LENGTH));
  };
  return [
    ["source text", await text("5.8.2"), await text("5.8.3")],
    ["executables", executables(0), executables(1)],
    ["zeros and noise", islands(1), islands(100)],
    ["noise", randomBytes(1, LENGTH), randomBytes(2, LENGTH)],
  ];
}

/** The first bytes of every second program of this machine. */
function executables(parity: number): Bytes {
  const out = new Uint8Array(LENGTH);
  let at = 0;
  const names = readdirSync("/usr/bin", { withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) =>
    name
  );
  for (const name of names.sort().filter((_, i) => i % 2 === parity)) {
    if (at === LENGTH) break;
    const bytes = readFileSync(join("/usr/bin", name)).subarray(0, Math.min(MIB, LENGTH - at));
    out.set(bytes, at);
    at += bytes.length;
  }
  return out.subarray(0, at);
}

/** Zeros, with 40 to 1,000 bytes of noise every 3,000 bytes: no block is zeros, and many windows nearly are. */
function islands(seed: number): Bytes {
  const out = new Uint8Array(LENGTH);
  for (let at = 0, i = 0; at + 3000 <= LENGTH; at += 3000, i++) {
    out.set(randomBytes(seed + i * 2 + 1, 40 + i % 960), at + i % 1000);
  }
  return out;
}
