/** Collects where the bytes of a target come from, in bounded memory. */
import type { Regions } from "../protocol.ts";

/** Regions that are held at most. */
export const MAX_COUNT = 65_536;
/** Where a literal comes from. */
const LITERAL = -1;

/** A list that joins short regions with their neighbours once it is full. */
export class RegionList {
  readonly #offsets: Float64Array<ArrayBuffer>;
  readonly #lengths: Float64Array<ArrayBuffer>;
  readonly #froms: Float64Array<ArrayBuffer>;
  #count = 0;
  #end = 0;
  #grain = 0;

  constructor(maxCount: number = MAX_COUNT) {
    this.#offsets = new Float64Array(maxCount);
    this.#lengths = new Float64Array(maxCount);
    this.#froms = new Float64Array(maxCount);
  }

  /** Adds bytes that are copied from an offset of the basis. */
  copy(from: number, length: number): void {
    this.#add(from, length);
  }

  /** Adds literals. */
  data(length: number): void {
    this.#add(LITERAL, length);
  }

  /** What was collected. The list cannot be used after it. */
  finish(): Regions {
    return {
      offsets: this.#offsets.slice(0, this.#count),
      lengths: this.#lengths.slice(0, this.#count),
      froms: this.#froms.slice(0, this.#count),
      grain: this.#grain,
    };
  }

  #add(from: number, length: number): void {
    if (length === 0) return;
    if (!this.#joinsLast(from)) {
      while (this.#count === this.#offsets.length) this.#coarsen();
      this.#offsets[this.#count] = this.#end;
      this.#lengths[this.#count] = 0;
      this.#froms[this.#count] = from;
      this.#count++;
    }
    this.#lengths[this.#count - 1]! += length;
    this.#end += length;
  }

  /** Whether bytes from there continue the last region. */
  #joinsLast(from: number): boolean {
    const last = this.#count - 1;
    if (last < 0) return false;
    const lastFrom = this.#froms[last]!;
    return from === LITERAL ? lastFrom === LITERAL : lastFrom !== LITERAL && lastFrom + this.#lengths[last]! === from;
  }

  /** Doubles the grain, and joins shorter regions with their neighbours. The longest part says what the whole is. */
  #coarsen(): void {
    this.#grain = Math.max(this.#grain * 2, this.#end / this.#count);
    let kept = 0;
    let longest = 0;
    for (let i = 0; i < this.#count; i++) {
      const length = this.#lengths[i]!;
      if (kept > 0 && (length < this.#grain || this.#lengths[kept - 1]! < this.#grain)) {
        if (length > longest) this.#froms[kept - 1] = this.#froms[i]!;
        longest = Math.max(longest, length);
        this.#lengths[kept - 1]! += length;
      } else {
        this.#offsets[kept] = this.#offsets[i]!;
        this.#lengths[kept] = longest = length;
        this.#froms[kept] = this.#froms[i]!;
        kept++;
      }
    }
    this.#count = kept;
  }
}
