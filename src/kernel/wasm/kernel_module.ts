import { kernelBytes } from "./_generated/kernel_bytes.ts";

/**
 * Compiles the kernel. In the npm package the condition `workerd` puts a file in the place of this one that imports
 * `kernel.wasm` as a module (scripts/build_npm.ts), since workerd compiles nothing from bytes.
 *
 * @throws {WebAssembly.CompileError} If there is no SIMD, or no leave to compile.
 */
export function kernelModule(): WebAssembly.Module {
  return new WebAssembly.Module(kernelBytes());
}
