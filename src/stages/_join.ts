import type { Inlet, SourceResult, Stage } from "../engine/stage.ts";

/** The last part of a stage. */
export interface Outlet<Out> {
  next(): SourceResult<Out> | Promise<SourceResult<Out>>;
}

/** A stage with counts. */
export interface CountedStage<In, Out, Stats> extends Stage<In, Out> {
  readonly stats: Stats;
}

/** Makes one stage of its first part, where input goes, and its last part, where output comes from. */
export function joinParts<In, Out, Stats>(
  inlet: Inlet<In>,
  outlet: Outlet<Out>,
  stats: Stats,
  release: () => void = () => {},
): CountedStage<In, Out, Stats> {
  return {
    stats,
    write: (chunk) => inlet.write(chunk),
    end: () => inlet.end(),
    next: () => outlet.next(),
    release,
  };
}
