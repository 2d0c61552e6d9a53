import { checkCallback } from "../common/checks.ts";
import type { Stage } from "../engine/stage.ts";
import type { Backend } from "../kernel/interface.ts";
import { progressHooks } from "./progress.ts";
import { stagePair } from "./stage_pair.ts";
import type { CommonOptions, StreamPair } from "./stream_pair.ts";

/**
 * Wraps a stage in a pair of streams.
 *
 * @param convert Converts each chunk that was written.
 * @throws {TypeError} If `onProgress` is not a function.
 */
export function createPair<In, Out, Stats, StageIn = In>(
  stage: Stage<StageIn, Out> & { stats: Stats },
  options: CommonOptions<In, Out, Stats>,
  backend: Backend,
  convert?: (chunk: unknown) => StageIn,
): StreamPair<In, Out, Stats> {
  const { onProgress, writableStrategy, readableStrategy } = options;
  const { stats } = stage;
  const hooks = progressHooks(stats, checkCallback("onProgress", onProgress));
  const pair = stagePair<In, Out, StageIn>(
    stage,
    { writableStrategy, readableStrategy },
    convert ? { ...hooks, convert } : hooks,
  );
  return { ...pair, stats, backend };
}
