import { type Hash, SingleUse } from "./_single_use.ts";
import type { MakeSha256 } from "./interface.ts";

/** The part of `node:crypto` that is used. */
interface NodeCrypto {
  createHash(algorithm: "sha256"): Hash;
}

/** The part of `process` that is used. */
interface NodeProcess {
  getBuiltinModule?(name: "node:crypto"): NodeCrypto | undefined;
}

/**
 * SHA-256 by `node:crypto`: native, with the processor's instructions. It is found without an import, which would break
 * browsers and bundles for them.
 *
 * Deno, Bun, Node from 20.16 and 22.3, and workerd with `nodejs_compat` have it. Returns undefined elsewhere, and where
 * it is there but does not work, as in a Node without OpenSSL.
 */
export function nodeSha256(): MakeSha256 | undefined {
  try {
    const { process } = globalThis as { process?: NodeProcess };
    const crypto = process?.getBuiltinModule?.("node:crypto");
    if (crypto?.createHash("sha256").digest().length !== 32) return undefined;
    return () => new SingleUse(crypto.createHash("sha256"));
  } catch {
    return undefined;
  }
}
