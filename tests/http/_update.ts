/** A file on a host in memory, and an older version of it. */
import type { UpdateOptions } from "rsync-streams/http";
import { concat, randomBytes } from "../_recipes.ts";
import { type Bytes, hostOf, type OnAsked, publish } from "./memory_host.ts";

export const URL_OF_FILE = "http://host.test/f";

export const basis = randomBytes(1, 300_000);

export const target = concat([basis.subarray(0, 100_000), randomBytes(2, 3000), basis.subarray(120_000)]);

export const files = { "/f": target, "/f.rsig": await publish(target) };

/** The options of a client of a host. */
export function clientOf(files: Record<string, Bytes | undefined>, onAsked?: OnAsked): UpdateOptions {
  return { fetch: hostOf(files, onAsked).fetch };
}
