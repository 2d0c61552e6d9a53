import { sha256Bytes } from "./_generated/sha256_bytes.ts";

/**
 * Compiles SHA-256. workerd compiles nothing from bytes, so under the condition `workerd` the npm package has another
 * file in place of this one, which imports `sha256.wasm` as a module (scripts/build_npm.ts).
 *
 * @throws {WebAssembly.CompileError} If there is no SIMD, or no leave to compile.
 */
export function sha256Module(): WebAssembly.Module {
  return new WebAssembly.Module(sha256Bytes());
}
