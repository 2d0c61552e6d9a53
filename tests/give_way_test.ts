/** When work gives way to other tasks, and by which of the platform's means. */
import assert from "node:assert/strict";
import { progressHooks } from "../src/streams/progress.ts";
import { withClock } from "./_clock.ts";

const GLOBAL = globalThis as { setImmediate?: unknown; MessageChannel?: unknown };
const SETTLE = setTimeout;

interface Clock {
  now: number;
}

/** Runs with a clock of its own, and without some globals. */
async function within(work: (clock: Clock) => unknown, without: readonly (keyof typeof GLOBAL)[] = []): Promise<void> {
  const clock = { now: 1000 };
  const kept = without.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)!] as const);
  for (const name of without) delete GLOBAL[name];
  try {
    await withClock(() => clock.now, () => work(clock));
  } finally {
    for (const [name, descriptor] of kept) Object.defineProperty(globalThis, name, descriptor);
  }
}

let copies = 0;

/** The module as a runtime of its own loads it: what it has then is what it uses. */
async function load(): Promise<() => Promise<void> | undefined> {
  const url = new URL(`../src/common/give_way.ts?copy=${copies++}`, import.meta.url).href;
  return (await import(url)).giveWay;
}

const MEANS: Record<string, (keyof typeof GLOBAL)[]> = {
  setImmediate: [],
  "a MessageChannel": ["setImmediate"],
  "a timer": ["setImmediate", "MessageChannel"],
};

for (const [name, without] of Object.entries(MEANS)) {
  Deno.test({
    name: `work gives way after 50 ms, and another 50 ms after that: ${name}`,
    // Deno counts the second port of a channel as open when the first one is closed.
    sanitizeResources: name !== "a MessageChannel",
    fn: () =>
      within(async (clock) => {
        const giveWay = await load();
        clock.now = 5_000;
        const first = giveWay();
        // Until a task has run, everyone else has to wait too, each for a promise of its own.
        const second = giveWay();
        assert.ok(first instanceof Promise && second instanceof Promise && first !== second);
        let others = 0;
        SETTLE(() => others++, 0);
        clock.now = 6_000;
        await Promise.all([first, second]);
        for (const [now, isTime] of [[6_000, false], [6_049, false], [6_049.9, false], [6_050, true]] as const) {
          clock.now = now;
          assert.equal(giveWay() instanceof Promise, isTime, `at ${now} ms`);
        }
        // Asked again and again, it lets a timer run.
        for (let i = 0; i < 10_000 && others === 0; i++) {
          clock.now += 50;
          await giveWay();
        }
        assert.equal(others, 1);
        await new Promise((resolve) => SETTLE(resolve, 5));
      }, without),
  });
}

Deno.test("progress is told every 100 ms and at the end, and not at all where nobody listens", () =>
  within((clock) => {
    assert.deepEqual(progressHooks({}, undefined), {});
    const stats = { bytesIn: 0 };
    const told: [now: number, stats: unknown][] = [];
    const { onStep, onEnd } = progressHooks(stats, (stats) => void told.push([clock.now, stats]));
    for (const now of [1000, 1099, 1099.9, 1100, 1101, 1199, 1250, 1349, 1350, 1351]) {
      clock.now = now;
      onStep!();
    }
    assert.deepEqual(told, [1100, 1250, 1350].map((now) => [now, stats]));
    onEnd!();
    assert.deepEqual(told.at(-1), [1351, stats]);
    assert.equal(told.length, 4);
  }));
