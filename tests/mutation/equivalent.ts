/** Faults that change nothing that a user or a program could see, each with its reason. */
import type { Fault } from "./syntactic.ts";

/** A fault, by its file, the line it is in, and the piece that is replaced. */
interface Equivalent {
  readonly path: string;
  /** The line, without its indent. */
  readonly line: string;
  /** The piece and its replacement. Any if undefined: nothing in the line matters. */
  readonly change?: readonly [from: string, to: string];
  readonly reason: string;
}

const EQUIVALENT: readonly Equivalent[] = [
  {
    path: "src/engine/patcher.ts",
    line: "if (targetLength !== undefined && targetLength !== this.#length) {",
    change: ["if (targetLength !== undefined && targetLength !== this.#length) {", "if (targetLength === -1) {"],
    reason: "readers and EventsFromCommands compare the same lengths before",
  },
  {
    path: "src/engine/patcher.ts",
    line: "this.#digest = undefined;",
    change: ["this.#digest = undefined;", ";"],
    reason: "a patcher that was released is not asked again, and one that has checked its digest is at its end",
  },
  {
    path: "src/engine/patcher.ts",
    line: "#steps = 0;",
    reason: "each call of next() sets it first",
  },
  {
    path: "src/engine/input_window.ts",
    line: "#end = 0;",
    reason: "the first copy finds no piece, and sets it",
  },
  {
    path: "src/formats/luapower/mod.ts",
    line: "maxStrongLength: 32,",
    change: ["32", "(32 + 1)"],
    reason: "no sum of the format has more than 32 bytes, and the less of the two counts",
  },
  {
    path: "src/formats/librsync/mod.ts",
    line: "maxStrongLength: 32,",
    change: ["32", "(32 + 1)"],
    reason: "no sum of the format has more than 32 bytes, and the less of the two counts",
  },
  {
    path: "src/engine/patcher.ts",
    line: "this.#digest.update(last);",
    reason: "a reader returns the end after the input has ended, and what was gathered was taken out before",
  },
];

/** Why a fault changes nothing, or undefined if it may. */
export function equivalenceOf({ path, start, end, replacement }: Fault, text: string): string | undefined {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const to = text.indexOf("\n", start);
  const line = text.slice(from, to < 0 ? undefined : to).trim();
  return EQUIVALENT.find((known) => {
    if (known.path !== path || known.line !== line) return false;
    return !known.change || known.change[0] === text.slice(start, end) && known.change[1] === replacement;
  })?.reason;
}
