/** Uses the toy format through everything that the public API and the command have: it knows none of them by name. */
import {
  decodeDeltaStream,
  deltaStream,
  encodeDeltaStream,
  type Format,
  loadSigs,
  patchStream,
  sigStream,
} from "rsync-streams";
import { Rsync } from "rsync-streams/callbacks";
import { runCli } from "rsync-streams/cli";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import assert from "node:assert/strict";

const format = "toy" as Format;
const basis = new Blob([crypto.getRandomValues(new Uint8Array(50_001))]);
const target = new Blob(["new first bytes", basis.slice(20_000), basis.slice(0, 20_000)]);
const bytes = (readable: ReadableStream<Uint8Array<ArrayBuffer>>) => new Response(readable).bytes();

const sig = await bytes(basis.stream().pipeThrough(sigStream({ format, blockLength: 512 })));
const sigs = await loadSigs(sig);
assert.deepEqual([sigs.format, sigs.sigCount, sigs.blockLength], ["toy", 98, 512]);

const delta = await bytes(target.stream().pipeThrough(deltaStream(sigs)));
assert.ok(delta.length < 2000);
for (const form of [basis, await basis.bytes()]) {
  assert.deepEqual(await bytes(new Blob([delta]).stream().pipeThrough(patchStream(form))), await target.bytes());
}
assert.throws(() => deltaStream(sigs, { digest: true }), TypeError);

const recoded = new Blob([delta]).stream().pipeThrough(decodeDeltaStream()).pipeThrough(encodeDeltaStream({ format }));
assert.deepEqual(await bytes(recoded), delta);
assert.equal(new Rsync({ format, blockLength: 512 }).format, "toy");

const folder = await mkdtemp(join(tmpdir(), "rsync-streams-toy-"));
const path = (name: string) => join(folder, name);
try {
  await writeFile(path("basis"), await basis.bytes());
  await writeFile(path("target"), await target.bytes());
  assert.equal(await runCli(["signature", "--format", "toy", "-b", "512", path("basis"), path("sig")]), 0);
  assert.deepEqual(new Uint8Array(await readFile(path("sig"))), sig);
  assert.equal(await runCli(["delta", path("sig"), path("target"), path("delta")]), 0);
  assert.equal(await runCli(["patch", path("basis"), path("delta"), path("result")]), 0);
  assert.deepEqual(await readFile(path("result")), await readFile(path("target")));
  assert.equal(await runCli(["transcode", path("delta"), path("rdiff"), "--to", "librsync"]), 0);
  assert.equal(await runCli(["info", path("delta")]), 0);
} finally {
  await rm(folder, { recursive: true });
}
