/** The choice of the implementation of SHA-256. */
import { mayCompile } from "../common/wasm_permission.ts";
import type { MakeSha256, Sha256 } from "./interface.ts";
import { nodeSha256 } from "./node_sha256.ts";
import { portableSha256 } from "./portable_sha256.ts";
import { wasmSha256 } from "./wasm_sha256.ts";

export type { Sha256 };

let make: MakeSha256 | undefined;

/**
 * Starts a SHA-256 with the fastest implementation that this runtime has: `node:crypto`, WebAssembly, or plain
 * TypeScript. The choice is made once, at the first call.
 *
 * WebCrypto is not among them: `crypto.subtle.digest` takes no pieces, and workerd's `DigestStream` is asynchronous.
 *
 * @throws {Error} Its `update` and `digest`, after the digest has ended.
 */
export function createSha256(): Sha256 {
  make ??= nodeSha256() ?? (mayCompile() ? wasmSha256() : undefined) ?? portableSha256();
  return make();
}
