/** What is counted, of which files, and the ways to count it. */

/** Paths of two files. */
export interface Files {
  basis: string;
  target: string;
}

/** A pair of files that is there. */
export interface Pair extends Files {
  name: string;
  basisLength: number;
  targetLength: number;
}

/** Bytes that cross the wire when somebody who has the basis gets the target: from there (up) and to there (down). */
export interface Traffic {
  up: number;
  down: number;
}

/** Traffic by the name of the way. */
export type Traffics = Record<string, Traffic>;

/** A program that updates files, in one way or in several. */
export interface Side {
  /** Name and version. Results are kept for as long as it stays the same. */
  version: string;
  /** Updates the basis, checks that the result is the target, and counts. `work` is an empty folder. */
  measure: (pair: Pair, work: string) => Promise<Traffics>;
}

/** A side that needs a program. */
export interface Peer {
  name: string;
  /** How to get it. */
  source: string;
  /** The side, or undefined if the program is missing. */
  find: () => Side | undefined;
}
