import { checkChoice, checkInteger } from "../common/checks.ts";
import type { DeltaEvent } from "../engine/interface.ts";
import {
  type DeltaParams,
  type DeltaReader,
  type FormatTraits,
  MAX_BLOCK_LENGTH,
  type OpenDelta,
} from "../formats/interface.ts";
import { type Format, FORMAT_NAMES, formatTraits } from "../formats/mod.ts";
import { RecognizingReader } from "../formats/recognize.ts";
import { requireBlockLength } from "./sig_options.ts";

/** The names of {@linkcode DeltaFormatOptions}. */
export const DELTA_FORMAT_NAMES = { format: true, blockLength: true } as const;

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

/**
 * Checks what is said of a delta whose format does not say it itself.
 *
 * @throws {TypeError} If the block length is needed and missing.
 * @throws {RangeError} If it is out of range.
 */
export function checkDeltaParams(format: FormatTraits, blockLength: number | undefined): DeltaParams {
  if (format.isSelfDescribing) return {};
  const checked = checkInteger("blockLength", requireBlockLength(format, blockLength), 1, MAX_BLOCK_LENGTH);
  return { blockLength: checked };
}

/**
 * Makes a reader of the format that the options name, or else of the one that the first bytes name.
 *
 * @param readers Those of each format.
 */
export function deltaReader<Opened extends DeltaReader>(
  { format, blockLength }: DeltaFormatOptions,
  readers: Readonly<Record<Format, OpenDelta<Opened>>>,
): RecognizingReader<DeltaEvent, Opened> {
  const named = format === undefined ? undefined : checkChoice("format", format, FORMAT_NAMES);
  const params = named === undefined ? {} : checkDeltaParams(formatTraits[named], blockLength);
  return new RecognizingReader(
    "the delta",
    { kind: "delta", format: named },
    (format, bytes) => readers[format](bytes, params),
  );
}
