import { giveWay } from "../common/give_way.ts";
import { MISSING, RunList } from "./run_list.ts";
import { SAMPLE_PIECES } from "./stopping_rule.ts";

/** Runs that are worked on without letting others work: some milliseconds. */
const TURN_COUNT = 16_384;

/**
 * Makes a list in which less is missing: pieces at equal distances. The rest of what is missing counts as found there,
 * at no particular place.
 *
 * @param pieceCount Blocks of each piece.
 */
export async function sampleOf(runs: RunList, blockLength: number, pieceCount: number): Promise<RunList> {
  const sample = new RunList();
  const distance = Math.ceil(runs.missingLength / blockLength / SAMPLE_PIECES);
  /** Number of the block among those that are missing. */
  let block = 0;
  for (let run = 0; run < runs.count; run++) {
    if (run % TURN_COUNT === 0) await giveWay();
    const length = runs.lengthOf(run);
    if (!runs.isMissing(run)) {
      sample.add(length, runs.from(run));
      continue;
    }
    for (let at = 0; at < length;) {
      const phase = block % distance;
      const isSampled = phase < pieceCount;
      const count = Math.min((isSampled ? pieceCount : distance) - phase, Math.ceil((length - at) / blockLength));
      const taken = Math.min(count * blockLength, length - at);
      sample.add(taken, isSampled ? MISSING : 0);
      block += count;
      at += taken;
    }
  }
  return sample;
}
