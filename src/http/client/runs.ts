/** Sums on runs: what is left of them, what of them is in a piece of the file, which lie near. */
import { compact } from "../../common/bytes.ts";
import type { Run } from "../protocol/run_list.ts";

/** The runs without their first `count` bytes. */
export function dropBytes(runs: readonly Run[], count: number): Run[] {
  let left = count;
  let k = 0;
  for (; k < runs.length && left >= runs[k]!.length; k++) left -= runs[k]!.length;
  const rest = runs.slice(k);
  const first = rest[0];
  if (first && left > 0) rest[0] = { offset: first.offset + left, length: first.length - left };
  return rest;
}

/** Joins runs that are nearer than `maxGap`. */
export function joinNear(runs: readonly Run[], maxGap: number): Run[] {
  const joined: { offset: number; length: number }[] = [];
  for (const { offset, length } of runs) {
    const last = joined.at(-1);
    if (last && offset - last.offset - last.length <= maxGap) last.length = offset + length - last.offset;
    else joined.push({ offset, length });
  }
  return joined;
}

/** Hands out runs from the first to the last. */
export class RunQueue {
  readonly #runs: readonly Run[];
  #next = 0;
  /** Bytes of the next run that were handed out. */
  #taken = 0;

  /** @param runs Ascending; they do not overlap. */
  constructor(runs: readonly Run[]) {
    this.#runs = runs;
  }

  /** The next run, or what is left of it. */
  get first(): Run | undefined {
    const run = this.#runs[this.#next];
    return run && { offset: run.offset + this.#taken, length: run.length - this.#taken };
  }

  /** Takes the first bytes of the next run. */
  take(count: number): void {
    this.#taken += count;
    if (this.#taken < this.#runs[this.#next]!.length) return;
    this.#next++;
    this.#taken = 0;
  }

  /** What is left. */
  rest(): Run[] {
    const first = this.first;
    return first ? [first, ...this.#runs.slice(this.#next + 1)] : [];
  }
}

/** Picks runs out of a file that comes in pieces, from its start to its end. */
export class Picker {
  readonly #runs: readonly Run[];
  #next = 0;
  /** Bytes picked so far. */
  length = 0;

  /** @param runs Ascending; they do not overlap. */
  constructor(runs: readonly Run[]) {
    this.#runs = runs;
  }

  /** Whether all runs were picked. */
  get isDone(): boolean {
    return this.#next === this.#runs.length;
  }

  /**
   * The parts of `bytes` that lie in runs. None keeps much more memory than its own bytes: what lies between runs is
   * not held.
   *
   * @param offset Where `bytes` are in the file: behind those before.
   * @throws {SyntaxError} If bytes of a run were left out before.
   */
  *take(bytes: Uint8Array, offset: number): Generator<Uint8Array, void, void> {
    const end = offset + bytes.length;
    for (let run = this.#runs[this.#next]; run && run.offset < end; run = this.#runs[this.#next]) {
      const from = run.offset + this.#taken;
      if (from < offset) throw new SyntaxError(`the bytes at ${from} were left out`);
      const to = Math.min(run.offset + run.length, end);
      this.#taken += to - from;
      this.length += to - from;
      if (this.#taken === run.length) {
        this.#next++;
        this.#taken = 0;
      }
      if (to > from) yield compact(bytes.subarray(from - offset, to - offset));
      if (to === end) return;
    }
  }

  /** Bytes picked of the next run. */
  #taken = 0;
}
