import { assemble } from "../../basis/assemble.ts";
import type { PatchBasis } from "../../engine/interface.ts";
import type { Run } from "../protocol/run_list.ts";

/**
 * The bytes of runs, one run after the other, in pieces of 256 KiB with buffers of their own.
 *
 * @throws {RsyncError} If the source ends before: `basis-short-read`.
 */
export function readRuns(
  source: PatchBasis,
  runs: readonly Run[],
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  return assemble(runs.map(({ offset, length }) => ({ length, from: offset })), source, [].values());
}
