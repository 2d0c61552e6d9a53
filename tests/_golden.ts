/** Golden inputs and outputs of the own format, as `vectors/rsync_streams.json` has them. */
import assert from "node:assert/strict";
import type { StrongSum, WeakSum } from "rsync-streams";
import { assertBytes, type Chunking, fromBase64, sha256 } from "./_helpers.ts";
import { make } from "./_recipes.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

export type Recipe = Parameters<typeof make>[0];

/** What is known of some bytes. */
export interface Golden {
  len: number;
  sha256: string;
  base64?: string;
}

/** Some that were made by a recipe. */
export interface Input extends Golden {
  recipe: Recipe;
}

export interface Sums {
  weakSum: WeakSum;
  strongSum: StrongSum;
  blockLength: number;
  strongLength: number;
}

export const CHUNKINGS: readonly Chunking[] = ["whole", 61, { seed: 3, most: 5000 }];

export function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g)!, (byte) => parseInt(byte, 16));
}

export async function assertGolden(bytes: Uint8Array, golden: Golden, what: string): Promise<void> {
  // The bytes first: they show where the difference is.
  if (golden.base64 !== undefined) assertBytes(bytes, fromBase64(golden.base64), what);
  assert.equal(bytes.length, golden.len, `length of the ${what}`);
  assert.equal(await sha256(bytes), golden.sha256, `SHA-256 of the ${what}`);
}

export async function inputOf(golden: Input): Promise<Bytes> {
  const bytes = make(golden.recipe);
  await assertGolden(bytes, golden, "input");
  return bytes;
}

export function u32(value: number): Bytes {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

export function u64(value: number): Bytes {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}
