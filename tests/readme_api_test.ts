/** README has every function and class that an entry point exports, and every option of the main functions. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as main from "rsync-streams";
import * as callbacks from "rsync-streams/callbacks";
import * as cli from "rsync-streams/cli";
import * as files from "rsync-streams/files";
import * as http from "rsync-streams/http";
import * as kernelBytes from "rsync-streams/kernel-bytes";
import * as sync from "rsync-streams/sync";
import { makeSigs } from "./_helpers.ts";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const API = README.slice(README.indexOf("\n## API\n"), README.indexOf("\n## Command line\n"));
const ENTRIES = { callbacks, cli, files, http, "kernel-bytes": kernelBytes, sync };

/** What stands in backticks. */
function codeIn(text: string): string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, code]) => code!);
}

/** The row whose first cell starts with some code. */
function rowOf(code: string): string {
  const row = API.split("\n").find((line) => line.startsWith("| ") && codeIn(line)[0]?.startsWith(code));
  assert.ok(row, `README's tables have no row of ${code}`);
  return row;
}

/** The options of a function, as it names them where it knows one of them not. */
function optionsOf(call: (options: Record<string, number>) => unknown): string[] {
  try {
    call({ nothing: 1 });
  } catch (error) {
    const [, names] = /, one of (.*) was expected/.exec((error as Error).message) ?? [];
    if (names) return names.split(/, | or /);
    throw error;
  }
  assert.fail("an unknown option was taken");
}

Deno.test("README names every function and class of the main entry point", () => {
  const named = new Set(codeIn(API).map((code) => /^\w+/.exec(code)?.[0]));
  assert.deepEqual(Object.keys(main).filter((name) => !named.has(name)), []);
});

Deno.test("README's table of entry points has all of them, each with all its functions and classes", () => {
  const { exports } = JSON.parse(readFileSync(new URL("../deno.json", import.meta.url), "utf8"));
  assert.deepEqual(Object.keys(exports).sort(), [".", ...Object.keys(ENTRIES).map((name) => `./${name}`)].sort());
  for (const [name, entry] of Object.entries(ENTRIES)) {
    const named = new Set(codeIn(rowOf(`rsync-streams/${name}`)));
    assert.deepEqual(Object.keys(entry).filter((name) => !named.has(name)), [], name);
  }
});

const SIGS = await makeSigs(new Uint8Array(100));
/** Options of each stream, which README tells once. */
const COMMON = ["onProgress", "readableStrategy", "writableStrategy"];

for (
  const [name, call] of Object.entries(
    {
      sigStream: main.sigStream,
      deltaStream: (options) => main.deltaStream(SIGS, options),
      patchStream: (options) => main.patchStream(new Uint8Array(0), options),
      decodeDeltaStream: main.decodeDeltaStream,
      encodeDeltaStream: main.encodeDeltaStream,
    } satisfies Record<string, (options: Record<string, number>) => unknown>,
  )
) {
  Deno.test(`README has the options of ${name}(), and no others`, () => {
    const cell = rowOf(`${name}(`).split("|").at(-2)!;
    const options = optionsOf(call).filter((option) => !COMMON.includes(option));
    assert.deepEqual(codeIn(cell).sort(), options.sort());
  });
}

Deno.test("README has the options of loadSigs(), and no others", async () => {
  const error = await main.loadSigs([], { nothing: 1 } as main.LoadSigsOptions).catch((error) => error);
  const options = optionsOf(() => {
    throw error;
  });
  assert.deepEqual(codeIn(rowOf("loadSigs(").split("|").at(-2)!).sort(), options.sort());
});
