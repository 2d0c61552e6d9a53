/**
 * A limit for each test. `deno test` has none, and a test that never ends would run into the limit of the whole job,
 * which does not say which test it was. The tasks load this before each file, with `--preload`.
 *
 * A worker watches, since a test that never gives way keeps its own thread from doing so. It ends the process.
 */

/** Longest time that a test may take, in milliseconds. The slowest take a fifth of it on a busy machine. */
const LIMIT_MS = Number(Deno.env.get("TEST_LIMIT_MS") ?? 900_000);

/** What the worker runs. It gets the name of each test when it starts, and nothing when it has ended. */
const SOURCE = `
let running;
onmessage = ({ data }) => running = data && { name: data, start: performance.now() };
setInterval(() => {
  if (!running || performance.now() - running.start < ${LIMIT_MS}) return;
  console.error("\\nFAILED: " + running.name + ": it takes longer than ${LIMIT_MS} ms, so the process ends");
  Deno.kill(${Deno.pid}, "SIGKILL");
}, ${Math.min(1_000, LIMIT_MS / 4)});`;

let watcher: Worker;

// Not at once: a preloaded module that has a worker does not end. And before the first test, which else would leak it.
Deno.test.beforeAll(() => {
  watcher = new Worker(`data:text/javascript,${encodeURIComponent(SOURCE)}`, { type: "module" });
});
Deno.test.afterAll(() => watcher.terminate());

type TestFunction = (context: Deno.TestContext) => void | Promise<void>;

/** A test that tells the watcher when it starts and ends. */
function watched(name: string, run: TestFunction): TestFunction {
  return async (context) => {
    watcher.postMessage(name);
    try {
      await run(context);
    } finally {
      watcher.postMessage(undefined);
    }
  };
}

const { test } = Deno;

/** `Deno.test`, with the function of each test watched. */
function limitedTest(...args: unknown[]): void {
  const [first] = args as [string | { name?: string; fn?: TestFunction } | TestFunction];
  const last = args.at(-1) as TestFunction;
  const name = typeof first === "string" ? first : first.name ?? last.name;
  const others = typeof first === "object" && first.fn
    ? [{ ...first, fn: watched(name, first.fn) }]
    : [...(typeof first === "function" ? [name] : args.slice(0, -1)), watched(name, last)];
  (test as (...args: unknown[]) => void)(...others);
}

Object.assign(Deno, { test: Object.assign(limitedTest, test) });
