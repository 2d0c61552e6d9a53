/** The wire formats, by name. A new one is a folder, its name in the type, and a line in the table. */
import type { FormatCodec } from "./interface.ts";
import { librsync } from "./librsync/mod.ts";
import { luapower } from "./luapower/mod.ts";
import { rsyncStreams } from "./rsync_streams/mod.ts";

/**
 * The name of a wire format.
 *
 * @example A signature in each format
 * ```ts
 * import { type Format, loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const formats: Format[] = ["rsync-streams", "librsync", "luapower"];
 * for (const format of formats) {
 *   const sig = new Blob([new Uint8Array(2048)]).stream().pipeThrough(sigStream({ format, blockLength: 1024 }));
 *   const options = format === "luapower" ? { format, blockLength: 1024 } : {};
 *   assert.equal((await loadSigs(sig, options)).sigCount, 2);
 * }
 * ```
 */
export type Format = "rsync-streams" | "luapower" | "librsync";

/** Codecs by the name of their format. */
export const formats: Readonly<Record<Format, FormatCodec<Format>>> = {
  "rsync-streams": rsyncStreams,
  luapower,
  librsync,
};

/** The names of the formats. */
export const FORMAT_NAMES: readonly Format[] = Object.values(formats).map(({ name }) => name);
