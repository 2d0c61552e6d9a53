/** A misspelt option is refused by each function that takes options. */
import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { decodeDeltaStream, deltaStream, encodeDeltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { Rsync } from "rsync-streams/callbacks";
import { atomicWritable } from "rsync-streams/files";
import { fetchUpdate, planUpdate, sendUpdate, syncHandler } from "rsync-streams/http";
import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";
import { makeSig, makeSigs, toBytes } from "./_helpers.ts";

// What a caller without types may write.
// deno-lint-ignore no-explicit-any
type Anything = any;

const BASIS = new Uint8Array(5000);
const SIGS = await makeSigs(BASIS);
const SIG = (await makeSig(BASIS)).bytes;
const LAYERED = await LayeredSig.open(await toBytes(new Blob([BASIS]).stream().pipeThrough(layeredSigStream())));
const URL_OF_NONE = "http://localhost/";
const open = () => undefined;

/** Each function, and one of its options. */
const FUNCTIONS: Record<string, [(options: Anything) => unknown, string]> = {
  "sigStream()": [sigStream, "blockLength"],
  "deltaStream()": [(options) => deltaStream(SIGS, options), "digest"],
  "patchStream()": [(options) => patchStream(BASIS, options), "maxOutputLength"],
  "decodeDeltaStream()": [decodeDeltaStream, "format"],
  "encodeDeltaStream()": [encodeDeltaStream, "maxOutputLength"],
  "loadSigs()": [(options) => loadSigs(SIG, options), "maxInputLength"],
  "layeredSigStream()": [layeredSigStream, "entityTag"],
  "layeredSigStream(), a layer": [
    (layer) => layeredSigStream({ layers: [{ blockLength: 64, strongLength: 4, ...layer }] }),
    "strongLength",
  ],
  "planSync()": [(options) => planSync(LAYERED, BASIS, options), "readCost"],
  "new Rsync()": [(options) => new Rsync(options), "memLength"],
  "Rsync.with()": [(options) => new Rsync().with(options), "blockLength"],
  "atomicWritable()": [(options) => atomicWritable("/nowhere/file", options), "onWarning"],
  "fetchUpdate()": [(options) => fetchUpdate(URL_OF_NONE, BASIS, options), "timeoutMs"],
  "planUpdate()": [(options) => planUpdate(URL_OF_NONE, BASIS, options), "sigUrl"],
  "sendUpdate()": [(options) => sendUpdate(URL_OF_NONE, BASIS, options), "headers"],
  "syncHandler()": [(options) => syncHandler(options), "maxOutputLength"],
};

for (const [name, [call, known]] of Object.entries(FUNCTIONS)) {
  Deno.test(`${name} refuses an option that it does not know, and names those that it knows`, async () => {
    const options = { open, [known.toUpperCase()]: 5 };
    if (name !== "syncHandler()") delete (options as Anything).open;
    await assert.rejects(async () => await call(options), (error) => {
      assert.ok(error instanceof TypeError, String(error));
      assert.ok(
        error.message.startsWith(`Cannot use the options: "${known.toUpperCase()}" was given, one of `),
        error.message,
      );
      assert.match(error.message, new RegExp(`\\b${known}\\b`));
      return true;
    });
  });

  // What is no layer is refused in other words.
  if (name.endsWith("a layer")) continue;
  Deno.test(`${name} refuses options that are no object of options`, async () => {
    for (const options of [5, "options", true, null, [], [known], Promise.resolve({})]) {
      await assert.rejects(async () => await call(options), {
        name: "TypeError",
        message: /^Cannot use the options: an object was expected, /,
      });
    }
  });
}

for (const [name, [call]] of Object.entries(FUNCTIONS)) {
  if (/atomic|a layer/.test(name)) continue;

  Deno.test(`${name} takes each option that it names`, async () => {
    const outcome = async (options: Anything) => {
      return await Promise.resolve().then(() => call(options)).then(() => "", ({ message }: Error) => message);
    };
    const names = /one of (.*) was expected$/.exec(await outcome({ nonsense: 5 }))![1]!.split(", ");
    assert.ok(names.length >= 2);
    // Nothing that any of them takes: what is said is not said of the name.
    for (const known of names) assert.doesNotMatch(await outcome({ [known]: Symbol("wrong") }), /the options/);
  });
}

Deno.test("an option that is undefined is none, whatever its name", () => {
  sigStream({ maxOutputLength: undefined } as Anything);
  patchStream(BASIS, { blocklength: undefined } as Anything);
});

Deno.test("options may be of another realm, or of no prototype, and are checked there too", () => {
  const foreign = runInNewContext("({ blockLength: 64, blocklength: 64 })");
  const bare = Object.assign(Object.create(null), { blocklength: 64 });
  for (const options of [foreign, bare]) assert.throws(() => sigStream(options), /"blocklength" was given/);
  sigStream(runInNewContext("({ blockLength: 64 })"));
});

Deno.test("options of a class may have fields of their own", () => {
  class Folder {
    readonly root = "/srv";
    open() {
      return undefined;
    }
  }
  syncHandler(new Folder());
});
