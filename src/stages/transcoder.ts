/** Delta bytes ↔ command objects. */
import { CommandsFromEvents } from "../engine/commands_from_events.ts";
import type { DeltaCommand } from "../engine/delta_command.ts";
import { EventsFromCommands } from "../engine/events_from_commands.ts";
import type { PatchStats } from "../engine/stats.ts";
import type { DeltaEncoding, DeltaParams } from "../formats/interface.ts";
import { deltaReaders } from "../formats/mod.ts";
import { type CountedStage, joinParts } from "./_join.ts";
import { Limited, Written } from "./_written.ts";
import type { DeltaFormatOptions } from "./delta_options.ts";
import { deltaReader } from "./delta_reader.ts";

/** Delta bytes → command objects. */
export function createDecodeStage(
  format: DeltaFormatOptions,
): CountedStage<Uint8Array<ArrayBuffer>, DeltaCommand, PatchStats> {
  const reader = deltaReader(format, deltaReaders);
  const commands = new CommandsFromEvents(reader);
  return joinParts(reader, commands, commands.stats);
}

/**
 * Command objects → delta bytes, one for one.
 *
 * @param hasDigest Whether the format has a place for a digest.
 * @param maxOutputLength Largest delta to write, in bytes.
 */
export function createEncodeStage(
  encoding: DeltaEncoding,
  hasDigest: boolean,
  params: DeltaParams,
  maxOutputLength: number,
): CountedStage<DeltaCommand, Uint8Array<ArrayBuffer>, PatchStats> {
  const events = new EventsFromCommands(hasDigest, encoding.maxCopyLength?.(params));
  const written = new Written(events, encoding.encoder(params), events.stats);
  return joinParts(events, new Limited(written, events.stats, maxOutputLength), events.stats);
}
