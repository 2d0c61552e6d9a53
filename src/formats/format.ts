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
