import { checkCallback } from "../common/checks.ts";
import type { Stage } from "../engine/stage.ts";
import { progressHooks } from "./progress.ts";
import { type ChunkHooks, stagePair } from "./stage_pair.ts";
import type { CommonOptions, StreamPair } from "./stream_pair.ts";

/**
 * Wraps a stage in a pair of streams.
 *
 * @param chunks How what is written is converted and watched.
 * @throws {TypeError} If `onProgress` is not a function.
 */
export function createPair<In, Out, Stats, StageIn = In>(
  stage: Stage<StageIn, Out> & { stats: Stats },
  options: CommonOptions<In, Out, Stats>,
  chunks: ChunkHooks<StageIn> = {},
): StreamPair<In, Out, Stats> {
  const { onProgress, writableStrategy, readableStrategy } = options;
  const { stats } = stage;
  const hooks = { ...chunks, ...progressHooks(stats, checkCallback("onProgress", onProgress)) };
  const pair = stagePair<In, Out, StageIn>(stage, { writableStrategy, readableStrategy }, hooks);
  return { ...pair, stats };
}
