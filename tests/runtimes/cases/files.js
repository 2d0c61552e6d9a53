/** The two versions of a file that most cases have. */
import { concat, make, randomBytes } from "../../_recipes.ts";

export const BASIS = concat([
  randomBytes(1, 150_000),
  make({ gen: "text", seed: 2, len: 50_000 }),
  new Uint8Array(9000),
]);
export const TARGET = concat([
  randomBytes(3, 7000),
  BASIS.subarray(100_000),
  new Uint8Array(3000),
  BASIS.subarray(500, 120_000),
  randomBytes(4, 99),
]);
