/**
 * Compares what the anchored and the rolling search find, on two files, at a few block lengths.
 *
 *     deno task bench matching BASIS TARGET [700,1024,4096]
 */
import { deltaStream, loadSigs, sigStream } from "rsync-streams";
import { fileReadable } from "rsync-streams/files";
import { drain } from "./_data.ts";
import { row } from "./_run.ts";

export async function matching([basis, target, blocks = "700,1024,4096,16384"]: string[]): Promise<void> {
  if (!basis || !target) throw new Error("deno task bench matching BASIS TARGET [BLOCKS]");
  console.log(
    row([
      "block",
      "copied, rolling",
      "copied, anchored",
      "anchored / rolling",
      "false alarms",
      "delta, rolling",
      "delta, anchored",
    ]),
  );
  console.log(row(Array(7).fill("---")));
  for (const blockLength of blocks.split(",").map(Number)) {
    const rolling = await compare(basis, target, blockLength, "rollsum");
    const anchored = await compare(basis, target, blockLength, "anchor");
    const ratio = `${(100 * anchored.copiedBytes / rolling.copiedBytes).toFixed(4)} %`;
    const sizes = [rolling.bytesOut, anchored.bytesOut];
    console.log(row([blockLength, rolling.copiedBytes, anchored.copiedBytes, ratio, anchored.falseAlarms, ...sizes]));
  }
}

async function compare(basis: string, target: string, blockLength: number, weakSum: "anchor" | "rollsum") {
  const sigs = await loadSigs(fileReadable(basis).pipeThrough(sigStream({ blockLength, weakSum })));
  const delta = deltaStream(sigs);
  await drain(fileReadable(target).pipeThrough(delta));
  return delta.stats;
}
