/** Leaves slow tests out of a run with a fault. It is loaded before each file, with `--preload`. */

/** Titles of tests that take longer than all others of their area, and look at what others look at too. */
const TOO_SLOW = new RegExp([
  "fills buffers with what is there",
  "reads at most eight times what is copied",
  "in place where a file cannot be renamed",
  "opens 100,000 digests",
  "a flipped byte of a layered signature",
  "a million copies of a byte",
  "a wasm index takes at most 64 bytes",
  "give up on the same windows of a hostile target",
  "says why a server cannot be reached",
  "waits as long as --timeout says",
  "says in words what is wrong with the server",
  "keeps the old file where the server fails",
  "goes on with a download of a file",
  "ends well: (for good|in passing|connection|redirect|.*(byte too few|: 500|take their time|nothing allowed))",
].join("|"));

const { test } = Deno;

function quickTest(...args: [string | Deno.TestDefinition, ...unknown[]]): void {
  const name = typeof args[0] === "string" ? args[0] : args[0].name;
  if (!TOO_SLOW.test(name)) (test as (...args: unknown[]) => void)(...args);
}

Object.assign(Deno, { test: Object.assign(quickTest, test) });
