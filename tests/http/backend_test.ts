/** What clients and handlers compute with, in a process that refuses WebAssembly and counts who asks for it. */
import assert from "node:assert/strict";
import { createSig, patchStream, RsyncError } from "rsync-streams";
import { type ConnectionOptions, fetchUpdate, planUpdate, sendUpdate, syncHandler } from "rsync-streams/http";
import { assertBytes, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { ORIGIN } from "./_store.ts";

const PORTABLE = { backend: "portable" } as const;
const FILE = `${ORIGIN}/f`;
const OLD = randomBytes(1, 2_000_000);
const NEW = concat([randomBytes(2, 500), OLD]);

let asked = 0;
WebAssembly.Module = class {
  constructor() {
    asked++;
    throw new WebAssembly.CompileError("refused by the test");
  }
} as unknown as typeof WebAssembly.Module;

/** A handler of one file that computes without WebAssembly, and a client of it. */
function connect(file: Uint8Array<ArrayBuffer>): ConnectionOptions {
  let [basis, version] = [file, 1];
  const handler = syncHandler({
    ...PORTABLE,
    open: () => ({ basis, size: basis.length, entityTag: `"${version}"` }),
    async commit(_url, readable) {
      basis = await toBytes(readable);
      version++;
    },
  });
  return { fetch: (url, init) => handler(new Request(url, init)) };
}

// The first tests: a refusal is remembered, and then nobody asks again.
Deno.test("with the portable backend, clients and handlers compile no WebAssembly", async () => {
  const client = { ...connect(OLD), ...PORTABLE };
  const { status, plan } = await sendUpdate(FILE, NEW, client);
  assert.equal(status, "updated");
  assert.ok(plan!.missingLength < 5000, `${plan!.missingLength} bytes are missing`);

  const { copiedLength } = await planUpdate(FILE, OLD, client);
  assert.ok(copiedLength > 1_900_000, `${copiedLength} bytes are copied`);
  const { readable, stats } = await fetchUpdate(FILE, OLD, client);
  assertBytes(await toBytes(readable), NEW);
  assert.deepEqual([stats.isVerified, stats.fallback], [true, undefined]);

  const headers = { "Content-Type": "application/vnd.rsync-streams.sig" };
  const body = await createSig(OLD, PORTABLE);
  const answer = await client.fetch!(FILE, { method: "POST", headers, body });
  assertBytes(await toBytes(answer.body!.pipeThrough(patchStream(OLD))), NEW);
  assert.equal(asked, 0);
});

const isSlow = Deno.env.get("RSYNC_STREAMS_SLOW") === "1";
Deno.test({ name: "nor do blocks that are checked one by one, where much is missing", ignore: !isSlow }, async () => {
  const file = concat([randomBytes(3, 2 ** 25 + 1), OLD]);
  const { readable, plan, stats } = await fetchUpdate(FILE, OLD, { ...connect(file), ...PORTABLE });
  assert.ok(plan.missingLength > 2 ** 25 && plan.copiedLength > 0, JSON.stringify(plan));
  assertBytes(await toBytes(readable), file);
  assert.ok(stats.isVerified);
  assert.equal(asked, 0);
});

Deno.test('"wasm" is an error where the runtime refuses it, before a request is sent', async () => {
  const options: ConnectionOptions = { backend: "wasm", fetch: () => assert.fail("a request was sent") };
  for (
    const [name, call] of Object.entries({
      fetchUpdate: () => fetchUpdate(FILE, OLD, options),
      planUpdate: () => planUpdate(FILE, OLD, options),
      sendUpdate: () => sendUpdate(FILE, OLD, options),
      syncHandler: async () => await Promise.try(syncHandler, { open: () => undefined, backend: "wasm" }),
    })
  ) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof RsyncError, `${name}: ${error}`);
      assert.equal(error.code, "unsupported");
      assert.match(error.message, /^Cannot use backend: "wasm" was given, and this runtime refuses WebAssembly/);
      return true;
    });
  }
  assert.equal(asked, 1);
});

Deno.test("a backend that is none is a TypeError", async () => {
  const options = { backend: "gpu" } as unknown as ConnectionOptions;
  const error = { name: "TypeError", message: /^Cannot use backend: one of "wasm", "portable" was expected/ };
  await assert.rejects(fetchUpdate(FILE, OLD, options), error);
  await assert.rejects(sendUpdate(FILE, OLD, options), error);
  assert.throws(() => syncHandler({ ...options, open: () => undefined }), error);
});
