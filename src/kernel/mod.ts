/** The choice of the backend. */
import type { WasmModule } from "../common/platform_types.ts";
import type { Kernel } from "./interface.ts";
import { PortableKernel } from "./portable/kernel.ts";
import { WasmKernel } from "./wasm/kernel.ts";
import { kernelModule } from "./wasm/kernel_module.ts";

const portable = new PortableKernel();
let wasm: Kernel | null | undefined;

/** The best backend that this runtime allows. Nothing is compiled before the first call. */
export function defaultKernel(): Kernel {
  if (wasm === undefined) wasm = compile();
  return wasm ?? portable;
}

/**
 * Uses a kernel module that was compiled elsewhere. Some runtimes cannot compile a module from bytes: workerd, and
 * pages under a content security policy without `wasm-unsafe-eval`. Streams that exist already keep their backend.
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
}

/** Compiles the kernel, or returns null where the runtime refuses: no WebAssembly, no SIMD, or no leave to compile. */
function compile(): Kernel | null {
  try {
    return new WasmKernel(kernelModule());
  } catch {
    return null;
  }
}
