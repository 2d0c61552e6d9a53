/** `deno task test:portable` refuses WebAssembly: else its tests would try the other backend once more. */
import assert from "node:assert/strict";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { sigStream } from "rsync-streams";
import { layeredSigStream } from "rsync-streams/sync";

Deno.test("WebAssembly is refused, and streams run on the portable backend", () => {
  assert.throws(() => new WebAssembly.Module(kernelBytes()), WebAssembly.CompileError);
  assert.deepEqual([sigStream().backend, layeredSigStream().backend], ["portable", "portable"]);
});
