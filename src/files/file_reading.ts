import type { Reading } from "../basis/interface.ts";
import { createBuffer } from "./create_buffer.ts";

/**
 * How a file is read best at random. 64 reads of 4 KiB at once take 3 µs each in Node 20 and 2 µs in Bun, where one
 * after another takes 22 and 14 µs. In Deno 2.9 it makes no difference.
 */
export const FILE_READING: Reading = { createBuffer, readsAtOnce: 64 };
