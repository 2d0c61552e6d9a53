/** Given by a stage that has nothing more to give. */
export const DONE: unique symbol = Symbol("done");

/** What a stage gives: an item, {@linkcode DONE}, or undefined if it needs more input. */
export type StageResult<Out> = Out | undefined | typeof DONE;

/**
 * A transform without streams: input is pushed, output is pulled, one item at a time, so however much a small
 * input expands to, no more is made than is asked for.
 *
 * A chunk is used up when `next` gives undefined, and not kept after that.
 */
export interface Stage<In, Out> {
  /** Takes input; called only when `next` has given undefined, or first. */
  write(chunk: In): void;
  /** Tells that there is no more input; called as `write` is. */
  end(): void;
  next(): StageResult<Out> | Promise<StageResult<Out>>;
  /** Gives memory back, at the end or at any time before. */
  release(): void;
}
