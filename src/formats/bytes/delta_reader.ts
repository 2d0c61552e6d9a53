import type { DeltaEvent } from "../../engine/interface.ts";
import { FormatReader } from "./reader.ts";

/** What readers of deltas have in common. */
export abstract class DeltaFormatReader extends FormatReader<DeltaEvent> {
  /** Bytes that the commands so far make. */
  protected targetLength = 0;
  /** Bytes of a data command that are still to come. */
  protected dataLeft = 0;

  /** Whether a command is next, and has not begun. */
  protected abstract readonly isAtCommand: boolean;

  protected readData(): DeltaEvent | undefined {
    const bytes = this.bytes.data(this.dataLeft);
    if (!bytes) return undefined;
    this.dataLeft -= bytes.length;
    return { type: "data", bytes };
  }

  /** Adds the length of a command to that of the target. */
  protected addLength(length: number): void {
    this.targetLength += length;
    if (this.targetLength > Number.MAX_SAFE_INTEGER) {
      throw this.bytes.error("unsupported", "the target is longer than 2^53 - 1 bytes");
    }
  }
}
