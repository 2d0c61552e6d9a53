import { kernelBytes } from "./_generated/kernel_bytes.ts";

/**
 * Compiles the kernel. workerd compiles nothing from bytes, so under the condition `workerd` the npm package has
 * another file in place of this one, which imports `kernel.wasm` as a module (scripts/build_npm.ts).
 *
 * @throws {WebAssembly.CompileError} If there is no SIMD, or no leave to compile.
 */
export function kernelModule(): WebAssembly.Module {
  return new WebAssembly.Module(kernelBytes());
}
