/** The cost of streams alone: bytes through identity transforms, beside the same bytes through ours. */
import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { MIB, randomChunks } from "./_data.ts";
import { median, row } from "./_run.ts";

const LENGTH = 64 * MIB;
const data = new Uint8Array(LENGTH);
[...randomChunks(1, LENGTH)].forEach((chunk, i) => data.set(chunk, i * MIB));

function source(bytes: Uint8Array, chunk: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + chunk));
      at += chunk;
    },
  }, { highWaterMark: 0 });
}

async function count(readable: ReadableStream<Uint8Array>): Promise<number> {
  let length = 0;
  for await (const chunk of readable) length += chunk.length;
  return length;
}

export async function streams(): Promise<void> {
  const sigs = await loadSigs(source(data, MIB).pipeThrough(sigStream()));
  const delta = await new Response(source(data, MIB).pipeThrough(deltaStream(sigs))).bytes();
  const identity = () => new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const jobs: [string, (chunk: number) => ReadableStream<Uint8Array>][] = [
    ["source alone", (chunk) => source(data, chunk)],
    ["identity TransformStream", (chunk) => source(data, chunk).pipeThrough(identity())],
    ["two of them", (chunk) => source(data, chunk).pipeThrough(identity()).pipeThrough(identity())],
    ["sigStream", (chunk) => source(data, chunk).pipeThrough(sigStream())],
    ["deltaStream, identical", (chunk) => source(data, chunk).pipeThrough(deltaStream(sigs, { digest: false }))],
    ["patchStream", (chunk) => source(delta, chunk).pipeThrough(patchStream(data))],
  ];
  const chunks = [4096, 65_536, MIB];
  console.log(`64 MiB, MB/s, medians of 5, by length of the chunks written\n`);
  console.log(row(["job", ...chunks]));
  console.log(row(Array(4).fill("---")));
  for (const [name, job] of jobs) {
    const rates: string[] = [];
    for (const chunk of chunks) {
      const runs: number[] = [];
      for (let i = 0; i < 6; i++) {
        const start = performance.now();
        await count(job(chunk));
        runs.push(LENGTH / 1e3 / (performance.now() - start));
      }
      rates.push(median(runs.slice(1)).toFixed(0));
    }
    console.log(row([name, ...rates]));
  }
}
