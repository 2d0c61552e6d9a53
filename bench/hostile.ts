/** Inputs that are slow where an implementation is careless, beside random ones of the same length. */
import { deltaStream, loadSigs, sigStream, type SigStreamOptions } from "rsync-streams";
import { MIB, randomChunks } from "./_data.ts";
import { median, row } from "./_run.ts";

const LENGTH = 32 * MIB;

function random(seed: number, length = LENGTH): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of randomChunks(seed, length)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Not the stream of a Blob: in Deno 2.9 that brings 250 MB/s, and hides what is measured. */
function stream(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += MIB));
    },
  }, { highWaterMark: 0 });
}

/** Period of so many bytes. */
function periodic(period: number): Uint8Array<ArrayBuffer> {
  const unit = random(3, period);
  const bytes = new Uint8Array(LENGTH);
  for (let at = 0; at < LENGTH; at += period) bytes.set(unit.subarray(0, Math.min(period, LENGTH - at)), at);
  return bytes;
}

/** Random data with a zero run of 600 bytes in every 1,200: too short for a block of zeros. */
function holed(seed: number): Uint8Array<ArrayBuffer> {
  const bytes = random(seed);
  for (let at = 0; at < LENGTH; at += 1200) bytes.fill(0, at, at + 600);
  return bytes;
}

/** A signature of `basis` with every strong sum made wrong: each weak hit is a false alarm. */
async function lying(basis: Uint8Array<ArrayBuffer>, options: SigStreamOptions): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await new Response(stream(basis).pipeThrough(sigStream(options))).bytes();
  const record = options.weakSum === "anchor" ? 42 : 36;
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
  const cases: [string, (o: SigStreamOptions) => Promise<Uint8Array<ArrayBuffer>>, Uint8Array<ArrayBuffer>][] = [
    ["random, new", (o) => new Response(stream(random(1)).pipeThrough(sigStream(o))).bytes(), random(2)],
    ["random, identical", (o) => new Response(stream(random(1)).pipeThrough(sigStream(o))).bytes(), random(1)],
    ["zeros, identical", (o) => new Response(stream(zeros).pipeThrough(sigStream(o))).bytes(), zeros],
    ["zeros, all false alarms", (o) => lying(zeros, o), zeros],
    [
      "period 300, identical",
      (o) => new Response(stream(periodic(300)).pipeThrough(sigStream(o))).bytes(),
      periodic(300),
    ],
    ["period 300, all false alarms", (o) => lying(periodic(300), o), periodic(300)],
    ["random, all false alarms", (o) => lying(random(1), o), random(1)],
    ["zero runs of 600, other data", (o) => new Response(stream(holed(1)).pipeThrough(sigStream(o))).bytes(), holed(2)],
  ];
  console.log("32 MiB, blocks of 1024; times are those of random new data\n");
  console.log(row(["case", ...["anchor", "rollsum"].flatMap((name) => [`${name}: MB/s`, "time", "false alarms"])]));
  console.log(row(Array(7).fill("---")));
  const base: Record<string, number> = {};
  for (const [name, signature, target] of cases) {
    const cells: (string | number)[] = [name];
    for (const weakSum of ["anchor", "rollsum"] as const) {
      const sigs = await loadSigs(await signature({ weakSum }));
      let falseAlarms = 0;
      const times: number[] = [];
      for (let i = 0; i < 4; i++) {
        const delta = deltaStream(sigs, { digest: false });
        const start = performance.now();
        for await (const _ of stream(target).pipeThrough(delta));
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
