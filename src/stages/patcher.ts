import { createSha256WithoutWasm } from "../digest/without_wasm.ts";
import { EventsFromCommands } from "../engine/events_from_commands.ts";
import type { DeltaCommand } from "../engine/delta_command.ts";
import type { DeltaEvent } from "../engine/interface.ts";
import { type CommandSource, type PatchBasis, Patcher } from "../engine/patcher.ts";
import type { PatchStats } from "../engine/stats.ts";
import type { RecognizingReader } from "../formats/recognize.ts";
import { RsyncStreamsDeltaReader } from "../formats/rsync_streams/delta.ts";
import { readShortCopies } from "../formats/rsync_streams/short_copies.ts";
import { type CountedStage, joinParts } from "./_join.ts";
import { type DeltaFormatOptions, deltaReader } from "./delta_options.ts";

/** What a patch is made with. */
export interface PatchParts {
  readonly basis: PatchBasis;
  readonly maxOutputLength: number;
}

/** Delta bytes → target bytes. */
export function createPatchStage(
  parts: PatchParts,
  format: DeltaFormatOptions,
): CountedStage<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, PatchStats> {
  const reader = deltaReader(format);
  const patcher = new Patcher({ ...parts, commands: commandsOf(reader), createDigest: createSha256WithoutWasm });
  return joinParts(reader, patcher, patcher.stats, () => patcher.release());
}

/** The commands of a delta, with short copies apart. */
function commandsOf(delta: RecognizingReader<DeltaEvent>): CommandSource {
  return {
    next: () => delta.next(),
    copies(take) {
      const { reader } = delta;
      return reader instanceof RsyncStreamsDeltaReader && readShortCopies(reader, take);
    },
    get position() {
      return delta.position;
    },
  };
}

/** Commands of a delta → target bytes. */
export function createCommandPatchStage(
  parts: PatchParts,
): CountedStage<DeltaCommand, Uint8Array<ArrayBuffer>, PatchStats> {
  const commands = new EventsFromCommands(true);
  const patcher = new Patcher({ ...parts, commands, createDigest: createSha256WithoutWasm });
  return joinParts(commands, patcher, patcher.stats, () => patcher.release());
}
