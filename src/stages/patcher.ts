import { createSha256WithoutWasm } from "../digest/without_wasm.ts";
import { EventsFromCommands } from "../engine/events_from_commands.ts";
import type { DeltaCommand } from "../engine/delta_command.ts";
import type { PatchBasis } from "../engine/interface.ts";
import { type DeltaEventSource, Patcher } from "../engine/patcher.ts";
import type { PatchStats } from "../engine/stats.ts";
import { patchReaders } from "../formats/mod.ts";
import { type CountedStage, joinParts } from "./_join.ts";
import type { DeltaFormatOptions } from "./delta_options.ts";
import { deltaReader } from "./delta_reader.ts";

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
  const reader = deltaReader(format, patchReaders);
  const commands: DeltaEventSource = {
    next: () => reader.next(),
    carryOut: (room) => reader.reader?.carryOut?.(room) ?? 0,
    get position() {
      return reader.position;
    },
  };
  const patcher = new Patcher({ ...parts, commands, createDigest: createSha256WithoutWasm });
  return joinParts(reader, patcher, patcher.stats, () => patcher.release());
}

/** Commands of a delta → target bytes. */
export function createCommandPatchStage(
  parts: PatchParts,
): CountedStage<DeltaCommand, Uint8Array<ArrayBuffer>, PatchStats> {
  const commands = new EventsFromCommands(true);
  const patcher = new Patcher({ ...parts, commands, createDigest: createSha256WithoutWasm });
  return joinParts(commands, patcher, patcher.stats, () => patcher.release());
}
