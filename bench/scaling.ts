/** Time per byte and memory from 16 MiB to 1 GiB, from a generator and into nothing: no file, no disk. */
import process from "node:process";
import { parseArgs } from "node:util";
import { deltaStream, loadSigs, sigStream } from "rsync-streams";
import { drain, MIB, randomChunks } from "./_data.ts";
import { median, row } from "./_run.ts";

/**
 * Makes random data quickly, from a pool of 64 MiB. A MiB that comes again would match, so its offset is written into
 * it, every 512 bytes.
 */
function source(seed: number, length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pool = [...randomChunks(seed, 64 * MIB)];
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= length) return controller.close();
      const chunk = pool[(at / MIB) % pool.length]!.slice() as Uint8Array<ArrayBuffer>;
      const words = new Uint32Array(chunk.buffer);
      for (let i = 0; i < words.length; i += 128) words[i] = at + i;
      at += chunk.length;
      controller.enqueue(chunk);
    },
  }, { highWaterMark: 0 });
}

export async function scaling(argv: string[]): Promise<void> {
  const { values } = parseArgs({ args: argv, options: { max: { type: "string", default: "1024" } } });
  console.log("ns per byte, median of 3; blocks of 1024 bytes; memory of the process and of the index after the job\n");
  console.log(row(["MiB", "signature", "delta, identical", "delta, new", "index bytes a block", "resident MiB"]));
  console.log(row(Array(6).fill("---")));
  for (let size = 16; size <= Number(values.max); size *= 4) {
    const length = size * MIB;
    const time = async (job: () => Promise<unknown>) => {
      const runs: number[] = [];
      for (let i = 0; i < 3; i++) {
        const start = performance.now();
        await job();
        runs.push((performance.now() - start) * 1e6 / length);
      }
      return median(runs).toFixed(2);
    };
    let sig: Uint8Array[] = [];
    const signature = await time(async () => sig = await Array.fromAsync(source(1, length).pipeThrough(sigStream())));
    const sigs = await loadSigs(new Blob(sig as BlobPart[]));
    sig = [];
    const delta = (seed: number) =>
      time(() => drain(source(seed, length).pipeThrough(deltaStream(sigs, { digest: false }))));
    const identical = await delta(1);
    const fresh = await delta(5);
    console.log(row([
      size,
      signature,
      identical,
      fresh,
      (sigs.byteLength / sigs.sigCount).toFixed(1),
      (process.memoryUsage().rss / MIB).toFixed(0),
    ]));
  }
}
