/** The choice of the backend. */
import { checkChoice } from "../common/checks.ts";
import type { WasmModule } from "../common/platform_types.ts";
import { RsyncError } from "../common/rsync_error.ts";
import { stopCompiling } from "../common/wasm_permission.ts";
import type { Backend, Kernel } from "./interface.ts";
import { PortableKernel } from "./portable/kernel.ts";
import { WasmKernel } from "./wasm/kernel.ts";
import { kernelModule } from "./wasm/kernel_module.ts";

const portable = new PortableKernel();
let wasm: Kernel | null | undefined;
/** Why the runtime refuses WebAssembly. */
let refusal: unknown;

/** The best backend that this runtime allows. Nothing is compiled before the first call. */
export function defaultKernel(): Kernel {
  if (wasm === undefined) wasm = compile();
  return wasm ?? portable;
}

/**
 * The backend that was asked for, or the best one.
 *
 * @throws {TypeError} If there is no such backend.
 * @throws {RsyncError} If it is `"wasm"`, and the runtime refuses that: `unsupported`.
 */
export function chosenKernel(backend: Backend | undefined): Kernel {
  if (backend === undefined) return defaultKernel();
  if (checkChoice("backend", backend, ["wasm", "portable"]) === "portable") return portable;
  const kernel = defaultKernel();
  if (kernel.backend === "wasm") return kernel;
  throw new RsyncError("unsupported", 'Cannot use backend: "wasm" was given, and this runtime refuses WebAssembly', {
    cause: refusal,
  });
}

/**
 * Checks a backend before work that may come to need it. Nothing is compiled unless it is `"wasm"`.
 *
 * @throws {TypeError | RsyncError} As {@linkcode chosenKernel}.
 */
export function checkBackend(backend: Backend | undefined): void {
  if (backend !== undefined) chosenKernel(backend);
}

/**
 * Runs the kernel from a module that was compiled elsewhere. Some runtimes compile no module from bytes: workerd, and
 * pages whose content security policy lacks `wasm-unsafe-eval`. Streams made before keep their backend.
 *
 * Such a page can neither compile the module nor fetch it compiled (`compileStreaming` is refused too). What works is a
 * module that a worker, or a frame with a policy of its own, has compiled and posted to the page. Without one, ask for
 * `backend: "portable"`: nothing is compiled then, and the browser reports no violation. Otherwise the first stream
 * tries once, which the browser reports, and the portable backend takes over. After a call the library compiles
 * nothing, so digests are computed by `node:crypto` or in plain TypeScript.
 *
 * @param module The compiled `kernel.wasm` of this version.
 * @throws {WebAssembly.LinkError} If the module is not the kernel.
 * @throws {TypeError} If the value is not a module.
 *
 * @example With the library's own bytes
 * ```ts
 * import { sigStream, useWasmModule } from "rsync-streams";
 * import { kernelBytes } from "rsync-streams/kernel-bytes";
 * import assert from "node:assert/strict";
 *
 * useWasmModule(await WebAssembly.compile(kernelBytes()));
 * assert.equal(sigStream().backend, "wasm");
 * ```
 */
export function useWasmModule(module: WasmModule): void {
  wasm = new WasmKernel(module);
  stopCompiling();
}

/** Compiles the kernel, or returns null where the runtime refuses: no WebAssembly, no SIMD, or no leave to compile. */
function compile(): Kernel | null {
  try {
    return new WasmKernel(kernelModule());
  } catch (error) {
    refusal = error;
    return null;
  }
}
