/** Delta bytes ↔ command objects. */
import { CommandsFromEvents } from "../engine/commands_from_events.ts";
import type { DeltaCommand } from "../engine/delta_command.ts";
import { EventsFromCommands } from "../engine/events_from_commands.ts";
import type { PatchStats } from "../engine/stats.ts";
import type { DeltaParams, FormatCodec } from "../formats/interface.ts";
import { type CountedStage, joinParts } from "./_join.ts";
import { Limited, Written } from "./_written.ts";
import { type DeltaFormatOptions, deltaReader } from "./delta_options.ts";

/** Delta bytes → command objects. */
export function createDecodeStage(
  format: DeltaFormatOptions,
): CountedStage<Uint8Array<ArrayBuffer>, DeltaCommand, PatchStats> {
  const reader = deltaReader(format);
  const commands = new CommandsFromEvents(reader);
  return joinParts(reader, commands, commands.stats);
}

/**
 * Command objects → delta bytes, one for one.
 *
 * @param maxOutputLength Largest delta to write, in bytes.
 */
export function createEncodeStage(
  codec: FormatCodec,
  params: DeltaParams,
  maxOutputLength: number,
): CountedStage<DeltaCommand, Uint8Array<ArrayBuffer>, PatchStats> {
  const { delta, hasDigest } = codec;
  const events = new EventsFromCommands(hasDigest, delta.maxCopyLength?.(params));
  const written = new Written(events, delta.encoder(params), events.stats);
  return joinParts(events, new Limited(written, events.stats, maxOutputLength), events.stats);
}
