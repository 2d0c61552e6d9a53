/** The option `backend`, and which one is told. */
import assert from "node:assert/strict";
import { deltaStream, loadSigs, sigStream } from "rsync-streams";
import { Rsync } from "rsync-streams/callbacks";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { LayeredSig, layeredSigStream, planSync } from "rsync-streams/sync";
import { BASIS, SIGS } from "./_small_files.ts";

/** The backend of this runtime. `deno task test:portable` refuses WebAssembly. */
function expectedBackend(): "wasm" | "portable" {
  try {
    new WebAssembly.Module(kernelBytes());
    return "wasm";
  } catch {
    return "portable";
  }
}

Deno.test("each pair that computes sums, and a signature, tells its backend", () => {
  const backends = [sigStream(), deltaStream(SIGS), SIGS, layeredSigStream()].map(({ backend }) => backend);
  assert.deepEqual(backends, Array(4).fill(expectedBackend()));
});

Deno.test("the backend can be asked for, and deltas have that of their signature", async () => {
  for (const backend of ["portable", sigStream().backend] as const) {
    const pair = sigStream({ backend });
    const sigs = await loadSigs(new Blob([BASIS]).stream().pipeThrough(pair), { backend });
    assert.deepEqual([pair.backend, sigs.backend, deltaStream(sigs).backend], [backend, backend, backend]);
    assert.equal(layeredSigStream({ backend }).backend, backend);
    assert.equal(new Rsync({ backend }).format, "luapower");
  }
});

Deno.test("a backend that does not exist is refused", async () => {
  const backend = "native" as "wasm";
  const expected = { name: "TypeError", message: /^Cannot use backend: one of "wasm", "portable" was expected/ };
  assert.throws(() => sigStream({ backend }), expected);
  assert.throws(() => layeredSigStream({ backend }), expected);
  assert.throws(() => new Rsync({ backend }), expected);
  await assert.rejects(loadSigs(new Uint8Array(0), { backend }), expected);
  const published = await new Response(new Blob([BASIS]).stream().pipeThrough(layeredSigStream())).bytes();
  await assert.rejects(planSync(await LayeredSig.open(published), new Blob([BASIS]), { backend }), expected);
  const zero = { reset: () => {}, update: () => {}, rotate: () => {}, digest: () => 0 };
  assert.throws(() => new Rsync({ weakSum: () => zero, backend: "wasm" }), {
    name: "TypeError",
    message: /sums of your own run in the portable one/,
  });
});
