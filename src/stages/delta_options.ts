import type { Format } from "../formats/format.ts";

/**
 * Options that say in which format a delta is.
 *
 * @example A delta of the luapower format
 * ```ts
 * import { type DeltaFormatOptions, encodeDeltaStream, patchStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const options: DeltaFormatOptions = { format: "luapower", blockLength: 4 };
 * const commands = ReadableStream.from([{ copy: { offset: 4, length: 4 } }]);
 * const delta = commands.pipeThrough(encodeDeltaStream(options));
 * const patched = delta.pipeThrough(patchStream(new Blob(["old new "]), options));
 * assert.equal(await new Response(patched).text(), "new ");
 * ```
 */
export interface DeltaFormatOptions {
  /**
   * The wire format of the delta. Formats with a magic are recognized; luapower's has none.
   * @default recognized by the magic
   */
  format?: Format | undefined;
  /** Bytes of a block, for the luapower format, which counts in blocks and does not carry their length. */
  blockLength?: number | undefined;
}

/** The names of {@linkcode DeltaFormatOptions}. */
export const DELTA_FORMAT_NAMES = { format: true, blockLength: true } as const;
