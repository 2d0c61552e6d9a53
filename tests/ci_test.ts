/** `.ci/run` and the public workflow run the same. */
import assert from "node:assert/strict";

const read = (path: string) => Deno.readTextFile(new URL(`../${path}`, import.meta.url));

/** The tasks that a script runs, with their arguments: those of a matrix left out. */
function tasksIn(script: string): string[] {
  const lines = script.split("\n").filter((line) => !/^\s*#/.test(line));
  return lines.flatMap((line) => {
    return /\bdeno(?:@2)? task (\S+(?: --\S+)?)/.exec(line)?.[1] ?? [];
  }).sort();
}

Deno.test(".ci/run and .github/workflows/ci.yml run the same tasks", async () => {
  const tasks = tasksIn(await read(".ci/run"));
  assert.ok(tasks.length > 10, tasks.join(", "));
  // On macOS and Windows the workflow runs fewer tests, by a task of their own.
  const inPublic = tasksIn(await read(".github/workflows/ci.yml")).filter((task) => task !== "test:systems");
  assert.deepEqual(inPublic, tasks);
});

Deno.test("each test file is run by a task of CI", async () => {
  const { tasks } = JSON.parse(await read("deno.json")) as { tasks: Record<string, string> };
  const run = new Set(tasksIn(await read(".ci/run")).map((task) => task.split(" ")[0]!));
  const ignored = /--ignore=(\S+)/.exec(tasks.test!)![1]!.split(",");
  assert.ok(run.has("test"));
  for (const file of ignored) {
    const runners = Object.entries(tasks).filter(([name, command]) =>
      run.has(name) && command.split(" ").includes(file)
    );
    assert.equal(runners.length, 1, `${file} is left out of the task test, and run by ${runners.length} others`);
  }
});
