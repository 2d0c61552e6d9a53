import { checkChoice, checkInteger } from "../common/checks.ts";
import type { DeltaEvent } from "../engine/interface.ts";
import {
  type DeltaParams,
  type DeltaReader,
  type FormatTraits,
  MAX_BLOCK_LENGTH,
  type OpenDelta,
} from "../formats/interface.ts";
import type { Format } from "../formats/format.ts";
import { FORMAT_NAMES, formatTraits } from "../formats/mod.ts";
import { RecognizingReader } from "../formats/recognize.ts";
import type { DeltaFormatOptions } from "./delta_options.ts";
import { requireBlockLength } from "./sig_options.ts";

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
