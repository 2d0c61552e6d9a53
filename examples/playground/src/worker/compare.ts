/** Counts bytes on the wire for several block lengths, and for layered sync. */
import { deltaStream, loadSigs, sigStream } from "rsync-streams";
import { type Layer, LayeredSig, layeredSigStream, planSync, recommendedLayers } from "rsync-streams/sync";
import type { CompareResult, Jobs, Way } from "../protocol.ts";
import { type Context, reporter } from "./context.ts";
import { recommend } from "./pair.ts";

/** The recommended block length times these. */
const FACTORS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8];
const MIN_BLOCK_LENGTH = 16;

/** Runs each way, one after the other. */
export async function compare({ basis, target }: Jobs["compare"], context: Context): Promise<CompareResult> {
  const recommended = await recommend({ fileLength: basis.size, format: "rsync-streams" });
  const blockLengths = FACTORS.map((factor) => recommended * factor).filter((length) => length >= MIN_BLOCK_LENGTH);
  const byBlockLength: Way[] = [];
  for (const blockLength of blockLengths) {
    const isRecommended = blockLength === recommended;
    byBlockLength.push({ ...await withBlocks(basis, target, blockLength, context), isRecommended });
  }
  const layers = recommendedLayers(target.size);
  const byLayers: Way[] = [];
  for (let count = 1; count <= layers.length; count++) {
    const isRecommended = count === layers.length;
    byLayers.push({ ...await withLayers(basis, target, layers.slice(0, count), context), isRecommended });
  }
  return { fullLength: target.size, byBlockLength, byLayers };
}

type Lengths = Omit<Way, "isRecommended">;

async function withBlocks(basis: Blob, target: Blob, blockLength: number, context: Context): Promise<Lengths> {
  const { signal } = context;
  const step = `Blocks of ${blockLength.toLocaleString("en")} bytes`;
  const sigPair = sigStream({ blockLength, fileLength: basis.size });
  const sigs = await loadSigs(abortable(basis.stream(), signal).pipeThrough(sigPair));
  const onProgress = reporter(context, step, target.size);
  const delta = deltaStream(sigs, { onProgress });
  await target.stream().pipeThrough(delta).pipeTo(new WritableStream(), { signal });
  const label = `${blockLength.toLocaleString("en")} B`;
  return { label, sigLength: sigPair.stats.bytesOut, dataLength: delta.stats.bytesOut };
}

/** In layered sync the side with the target publishes the signature, and the side with the basis reads parts of it. */
async function withLayers(basis: Blob, target: Blob, layers: Layer[], context: Context): Promise<Lengths> {
  const { signal } = context;
  const step = layers.length === 1 ? "1 layer" : `${layers.length} layers`;
  const onProgress = reporter(context, step, target.size);
  const stream = layeredSigStream({ layers, fileLength: target.size, onProgress });
  const sig = await LayeredSig.open(
    await new Response(abortable(target.stream(), signal).pipeThrough(stream)).blob(),
  );
  const plan = await planSync(sig, basis, { signal });
  const missing = plan.runs.filter(({ from }) => from === undefined);
  const dataLength = missing.reduce((sum, { length }) => sum + length, 0);
  const blockLengths = layers.map(({ blockLength }) => blockLength.toLocaleString("en"));
  return { label: `${step}: ${blockLengths.join(", ")} B`, sigLength: sig.bytesRead, dataLength };
}

function abortable<T>(readable: ReadableStream<T>, signal: AbortSignal): ReadableStream<T> {
  return readable.pipeThrough(new TransformStream(), { signal });
}
