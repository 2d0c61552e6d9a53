import { checkCallback } from "./_options.ts";
import type { Stage } from "./engine/stage.ts";
import type { Backend } from "./kernel/interface.ts";
import type { CommonOptions, StreamPair } from "./stream_pair.ts";
import { progressHooks } from "./streams/progress.ts";
import { stagePair } from "./streams/stage_pair.ts";

/**
 * Makes the pair that a factory gives of the stage that does its work.
 *
 * @param convert Makes of what was written what the stage takes.
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
