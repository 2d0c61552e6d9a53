/**
 * The cases that have to pass in each runtime: plain JavaScript that needs nothing but the platform. There are runners
 * for Node, Bun, Deno, a browser and workerd. A runner calls `runCases` and passes on its result.
 */
import { deltaStream } from "rsync-streams";
import { copyOneGiB } from "./cases/backpressure.js";
import { endCases } from "./cases/ends.js";
import { BASIS } from "./cases/files.js";
import { findGaps } from "./cases/gaps.js";
import { goldenCases } from "./cases/golden.js";
import { HOSTILE } from "./cases/hostile.js";
import { longFile } from "./cases/long_file.js";
import { LOST_BYTES } from "./cases/lost_bytes.js";
import { roundTripCases } from "./cases/round_trips.js";
import { Streams } from "./cases/streams.js";

/** Cases by their names, each of which takes the streams. */
function group(name, cases, streams) {
  return Object.entries(cases).map(([title, run]) => ({ group: name, name: title, run: () => run(streams) }));
}

/** All cases: name and function, in groups. */
function list(backend, mib) {
  const streams = new Streams(backend);
  return [
    {
      group: "which backend",
      name: `streams that compute sums run on ${backend}`,
      run: async () => void streams.check(deltaStream(await streams.sigs(BASIS))),
    },
    ...goldenCases(streams),
    ...roundTripCases(streams),
    ...endCases(streams),
    ...group("lost bytes", LOST_BYTES, streams),
    { group: "backpressure", name: "a copy of 1 GiB has two chunks in flight", run: copyOneGiB },
    ...group("hostile input", HOSTILE, streams),
    { group: "long file", name: `${mib} MiB through the three pipes`, run: () => longFile(streams, mib) },
  ];
}

/**
 * Runs all cases.
 *
 * @param options `backend`: which one has to run. `mib`: length of the long file. `more`: cases of the runtime's own.
 * @returns Which passed, which failed and why, and what the runtime lacks.
 */
export async function runCases({ backend, mib = 64, more = [] }) {
  const failures = [];
  const groups = {};
  const all = [...list(backend, mib), ...more];
  for (const { group, name, run } of all) {
    groups[group] ??= 0;
    try {
      await run();
      groups[group]++;
    } catch (error) {
      failures.push(`${group}: ${name}: ${error?.stack ?? error}`);
    }
  }
  return { backend, mib, cases: all.length, groups, failures, gaps: await findGaps() };
}
