import { createSha256, type Sha256 } from "../digest/mod.ts";
import { createSha256WithoutWasm } from "../digest/without_wasm.ts";
import type { Backend } from "../kernel/interface.ts";

/**
 * Starts a SHA-256 beside sums of a backend: where that has no WebAssembly, none is compiled for the digest either.
 *
 * @param backend Undefined if none was asked for.
 */
export function createDigest(backend: Backend | undefined): Sha256 {
  return backend === "portable" ? createSha256WithoutWasm() : createSha256();
}
