/** The files that are served, and those that clients have. */
import { concat, make, randomBytes } from "../../_recipes.ts";

const LONG_UPLOAD_LENGTH = 2 ** 25 + 2 ** 20;

/** What a client has. */
export const BASIS = concat([make({ gen: "text", seed: 1, len: 300_000 }), randomBytes(2, 700_000)]);
/** What is served: pieces of text are new in it, and random bytes. */
export const TARGET_NAME = "target.txt";
export const TARGET = concat([
  make({ gen: "text", seed: 3, len: 60_000 }),
  BASIS.subarray(20_000, 600_000),
  make({ gen: "text", seed: 4, len: 20_000 }),
  BASIS.subarray(610_000),
  randomBytes(5, 3000),
]);
/** A file of the same length, with other bytes in its middle. */
export const OTHER_NAME = "other.txt";
export const OTHER = concat([
  TARGET.subarray(0, 300_000),
  make({ gen: "text", seed: 6, len: 10_000 }),
  TARGET.subarray(310_000),
]);

/** All served files. */
export function servedFiles() {
  return { [TARGET_NAME]: TARGET, [OTHER_NAME]: OTHER, "long.bin": randomBytes(7, 2 ** 23) };
}

/** A file whose delta is too long to be gathered where request streams work. */
export function longUpload() {
  const block = randomBytes(8, 2 ** 20);
  const count = LONG_UPLOAD_LENGTH / block.length;
  // Blocks with other bytes each, made quickly.
  return new Blob(Array.from({ length: count }, (_, i) => block.map((byte, at) => byte ^ (i * (at & 255)))));
}

/** Whether two arrays are equal. */
export function equals(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
