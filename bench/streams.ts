/** The cost of streams alone: the same bytes through identity transforms and through the library's streams. */
import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { drain, MIB, randomBytes, streamOf } from "./_data.ts";
import { median, row } from "./_run.ts";

const LENGTH = 64 * MIB;
const data = randomBytes(1, LENGTH);

export async function streams(): Promise<void> {
  const sigs = await loadSigs(streamOf(data, MIB).pipeThrough(sigStream()));
  const delta = await new Response(streamOf(data, MIB).pipeThrough(deltaStream(sigs))).bytes();
  const identity = () => new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
  const jobs: [string, (chunk: number) => ReadableStream<Uint8Array>][] = [
    ["source alone", (chunk) => streamOf(data, chunk)],
    ["identity TransformStream", (chunk) => streamOf(data, chunk).pipeThrough(identity())],
    ["two of them", (chunk) => streamOf(data, chunk).pipeThrough(identity()).pipeThrough(identity())],
    ["sigStream", (chunk) => streamOf(data, chunk).pipeThrough(sigStream())],
    ["deltaStream, identical", (chunk) => streamOf(data, chunk).pipeThrough(deltaStream(sigs, { digest: false }))],
    ["patchStream", (chunk) => streamOf(delta, chunk).pipeThrough(patchStream(data))],
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
        await drain(job(chunk));
        runs.push(LENGTH / 1e3 / (performance.now() - start));
      }
      rates.push(median(runs.slice(1)).toFixed(0));
    }
    console.log(row([name, ...rates]));
  }
}
