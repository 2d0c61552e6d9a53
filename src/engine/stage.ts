/** Returned by a source that has nothing more to give. */
export const DONE: unique symbol = Symbol("done");

/** Returned by a source that has worked and has nothing to give yet: it can be asked again at once, or later. */
export const BUSY: unique symbol = Symbol("busy");

/** What a source returns: an item, {@linkcode DONE}, {@linkcode BUSY}, or undefined if it needs more input first. */
export type SourceResult<Out> = Out | undefined | typeof DONE | typeof BUSY;

/** Where input goes. */
export interface Inlet<In> {
  /** Takes input; called only when the last `next` returned undefined, or first. */
  write(chunk: In): void;
  /** Says that there is no more input; called as `write` is. */
  end(): void;
}

/** Where items come from, one at a time. After undefined it is asked again when there is more input. */
export interface Source<Out> {
  /** Works for some milliseconds at most, whatever the input. */
  next(): SourceResult<Out>;
}

/**
 * A transform without streams: input is pushed, output is pulled, one item at a time. However much a small input
 * expands to, no more is made than is asked for.
 *
 * A chunk is used up when `next` returns undefined, and is not kept after that.
 */
export interface Stage<In, Out> extends Inlet<In> {
  next(): SourceResult<Out> | Promise<SourceResult<Out>>;
  /** Gives memory back, at the end or at any time before. */
  release(): void;
}
