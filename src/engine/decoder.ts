import type { DeltaCommand } from "./delta_command.ts";
import type { DeltaReader, Input, StrongSum } from "./interface.ts";
import { DONE, type Stage, type StageResult } from "./stage.ts";
import type { PatchStats } from "./stats.ts";

/** Delta bytes → commands. */
export class Decoder implements Stage<Uint8Array, DeltaCommand> {
  readonly stats: PatchStats = { bytesIn: 0, bytesOut: 0, copiedBytes: 0, literalBytes: 0 };
  readonly #reader: DeltaReader;
  readonly #input: Input;
  #strongSum: StrongSum | undefined;
  #isDone = false;

  constructor(reader: DeltaReader, input: Input) {
    this.#reader = reader;
    this.#input = input;
  }

  write(chunk: Uint8Array): void {
    this.#input.push(chunk);
  }

  end(): void {
    this.#input.end();
  }

  next(): StageResult<DeltaCommand> {
    while (!this.#isDone) {
      const event = this.#reader.next();
      this.stats.bytesIn = this.#input.position;
      if (!event) return undefined;
      if (event.type === "copy") {
        const { offset, length } = event;
        this.stats.copiedBytes += length;
        this.stats.bytesOut += length;
        return { copy: { offset, length } };
      }
      if (event.type === "data") {
        this.stats.literalBytes += event.bytes.length;
        this.stats.bytesOut += event.bytes.length;
        return { data: event.bytes };
      }
      if (event.type === "start") {
        this.#strongSum = event.strongSum;
        if (this.#strongSum) return { data: new Uint8Array(0), digest: { strongSum: this.#strongSum } };
      } else {
        this.#isDone = true;
        if (this.#strongSum && event.digest) {
          return { data: new Uint8Array(0), digest: { strongSum: this.#strongSum, sum: event.digest } };
        }
      }
    }
    return DONE;
  }

  release(): void {}
}
