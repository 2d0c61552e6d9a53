/** Leaves slow tests out of a run with a fault. It is loaded before each file, with `--preload`. */
import { TOO_SLOW } from "./areas.ts";

const { test } = Deno;

function quickTest(...args: [string | Deno.TestDefinition, ...unknown[]]): void {
  const name = typeof args[0] === "string" ? args[0] : args[0].name;
  if (!TOO_SLOW.test(name)) (test as (...args: unknown[]) => void)(...args);
}

Object.assign(Deno, { test: Object.assign(quickTest, test) });
