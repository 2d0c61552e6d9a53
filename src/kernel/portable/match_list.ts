import { MATCH_FIELDS, MAX_MATCHES } from "../rules/search.ts";

/** The matches of one call of a search. */
export class MatchList {
  /** Three numbers for each match, as {@linkcode Searcher} has them. */
  readonly fields = new Uint32Array(MATCH_FIELDS * MAX_MATCHES);
  count = 0;
  readonly #blockLength: number;

  constructor(blockLength: number) {
    this.#blockLength = blockLength;
  }

  get isFull(): boolean {
    return this.count === MAX_MATCHES;
  }

  /** Adds a match, joined to the one before if it continues it. */
  add(start: number, block: number, length: number): void {
    if (this.#join(start, block, length)) return;
    this.fields.set([start, block, length], MATCH_FIELDS * this.count++);
  }

  #join(start: number, block: number, length: number): boolean {
    if (this.count === 0) return false;
    const at = MATCH_FIELDS * (this.count - 1);
    const { fields } = this;
    const joinedLength = fields[at + 2]!;
    if (fields[at]! + joinedLength !== start) return false;
    if ((block - fields[at + 1]!) * this.#blockLength !== joinedLength) return false;
    fields[at + 2] = joinedLength + length;
    return true;
  }
}
