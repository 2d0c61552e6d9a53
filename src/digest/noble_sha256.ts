import { sha256 } from "@noble/hashes/sha2.js";
import { SingleUse } from "./_single_use.ts";
import type { MakeSha256 } from "./interface.ts";

/** SHA-256 in plain JavaScript, which runs everywhere. */
export function nobleSha256(): MakeSha256 {
  return () => new SingleUse(sha256.create());
}
