/** A short basis and a target, with the signature and the delta. */
import { makeDelta, makeSig, makeSigs } from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

// What a caller without types may write.
// deno-lint-ignore no-explicit-any
export type Anything = any;

export const QUICK = { strongSum: "blake3" } as const;

export const BASIS = make({ gen: "text", seed: 1, len: 10_300 });

export const TARGET = concat([randomBytes(2, 700), BASIS.subarray(1024), randomBytes(3, 50)]);

export const SIGS = await makeSigs(BASIS, QUICK);

export const SIG = (await makeSig(BASIS, QUICK)).bytes;

export const DELTA = (await makeDelta(TARGET, SIGS)).bytes;

/** Options as a title or a message has them. */
export function show(options: unknown): string {
  return JSON.stringify(
    options,
    (_, value) => typeof value === "bigint" || Number.isNaN(value) ? String(value) : value,
  );
}
