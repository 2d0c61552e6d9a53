/** Adversarial inputs, which slow down a careless implementation, beside random ones of the same length. */
import { deltaStream, loadSigs, sigStream, type SigStreamOptions, type WeakSum } from "rsync-streams";
import { drain, MIB, randomBytes, streamOf } from "./_data.ts";
import { median, row } from "./_run.ts";

const LENGTH = 32 * MIB;

const WEAK_SUMS: readonly WeakSum[] = ["rabinkarp", "rollsum"];

type Bytes = Uint8Array<ArrayBuffer>;

const random = (seed: number) => randomBytes(seed, LENGTH);

/** Random bytes that repeat after `period`. */
function periodic(period: number): Bytes {
  const unit = randomBytes(3, period);
  const bytes = new Uint8Array(LENGTH);
  for (let at = 0; at < LENGTH; at += period) bytes.set(unit.subarray(0, Math.min(period, LENGTH - at)), at);
  return bytes;
}

/** Random data with a zero run of 600 bytes in every 1,200: too short for a block of zeros. */
function holed(seed: number): Bytes {
  const bytes = random(seed);
  for (let at = 0; at < LENGTH; at += 1200) bytes.fill(0, at, at + 600);
  return bytes;
}

/** The signature of `basis`. */
function honest(basis: Bytes, options: SigStreamOptions): Promise<Bytes> {
  return new Response(streamOf(basis).pipeThrough(sigStream(options))).bytes();
}

/** A signature of `basis` with wrong strong sums: each known weak sum is a false alarm. */
async function lying(basis: Bytes, options: SigStreamOptions): Promise<Bytes> {
  const bytes = await honest(basis, options);
  const record = 36;
  const frame = 1024;
  for (let at = 16, k = 0; at + record <= bytes.length - 12;) {
    if (k++ % frame === 0) at += 4;
    bytes[at + record - 1]! ^= 1;
    at += record;
  }
  return bytes;
}

export async function hostile(): Promise<void> {
  const zeros = new Uint8Array(LENGTH);
  const cases: [name: string, sign: typeof honest, basis: Bytes, target?: Bytes][] = [
    ["random, new", honest, random(1), random(2)],
    ["random, identical", honest, random(1)],
    ["zeros, identical", honest, zeros],
    ["zeros, all false alarms", lying, zeros],
    ["period 300, identical", honest, periodic(300)],
    ["period 300, all false alarms", lying, periodic(300)],
    ["random, all false alarms", lying, random(1)],
    ["zero runs of 600, other data", honest, holed(1), holed(2)],
  ];
  console.log("32 MiB, blocks of 1024; times are those of random new data\n");
  console.log(row(["case", ...WEAK_SUMS.flatMap((name) => [`${name}: MB/s`, "time", "false alarms"])]));
  console.log(row(Array(7).fill("---")));
  const base: Record<string, number> = {};
  for (const [name, sign, basis, target = basis] of cases) {
    const cells: (string | number)[] = [name];
    for (const weakSum of WEAK_SUMS) {
      const sigs = await loadSigs(await sign(basis, { weakSum }));
      let falseAlarms = 0;
      const times: number[] = [];
      for (let i = 0; i < 4; i++) {
        const delta = deltaStream(sigs, { digest: false });
        const start = performance.now();
        await drain(streamOf(target).pipeThrough(delta));
        times.push(performance.now() - start);
        falseAlarms = delta.stats.falseAlarms;
      }
      const time = median(times.slice(1));
      base[weakSum] ??= time;
      cells.push((LENGTH / 1e3 / time).toFixed(0), (time / base[weakSum]!).toFixed(2), falseAlarms);
    }
    console.log(row(cells));
  }
}
