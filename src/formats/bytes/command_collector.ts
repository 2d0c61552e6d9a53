import type { DeltaCommand } from "../../engine/delta_command.ts";
import { DeltaWriter } from "./writer.ts";

/** Writes a delta as command objects. Start and end are no commands. */
export class CommandCollector extends DeltaWriter<DeltaCommand[]> {
  #commands: DeltaCommand[] = [];

  get length(): number {
    return this.#commands.length;
  }

  take(): DeltaCommand[] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  start(): void {}

  copy(offset: number, length: number): void {
    this.#commands.push({ copy: { offset, length } });
  }

  data(bytes: Uint8Array): void {
    this.#commands.push({ data: bytes.slice() });
  }

  end(): void {}
}
