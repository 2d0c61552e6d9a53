import { sha256 } from "@noble/hashes/sha2.js";
/** placeholder until merge */
export interface Sha256 {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array<ArrayBuffer>;
  release(): void;
}
export function createSha256(): Sha256 {
  const hash = sha256.create();
  return { update: (b) => void hash.update(b), digest: () => hash.digest() as Uint8Array<ArrayBuffer>, release() {} };
}
