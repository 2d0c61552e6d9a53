import { hex } from "../common/bytes.ts";
import type { DeltaCommand } from "./delta_command.ts";
import type { DeltaEventSource } from "./patcher.ts";
import { BUSY, DONE, type Source, type SourceResult } from "./stage.ts";
import type { PatchStats } from "./stats.ts";

/** Parts of a delta → command objects. Their data is what the parts have: a copy is made by nobody. */
export class CommandsFromEvents implements Source<DeltaCommand> {
  readonly stats: PatchStats = { bytesIn: 0, bytesOut: 0, copiedBytes: 0, literalBytes: 0 };
  readonly #events: DeltaEventSource;
  #hasDigest = false;
  #isDone = false;

  constructor(events: DeltaEventSource) {
    this.#events = events;
  }

  next(): SourceResult<DeltaCommand> {
    while (!this.#isDone) {
      const event = this.#events.next();
      this.stats.bytesIn = this.#events.position ?? 0;
      if (event === undefined || event === BUSY) return event;
      if (event === DONE) break;
      if (event.type === "copy") {
        const { offset, length } = event;
        this.stats.copiedBytes += length;
        this.stats.bytesOut += length;
        return { copy: { offset, length } };
      }
      if (event.type === "data") {
        // After many commands that are no parts.
        if (event.bytes.length === 0) return BUSY;
        this.stats.literalBytes += event.bytes.length;
        this.stats.bytesOut += event.bytes.length;
        return { data: event.bytes };
      }
      if (event.type === "start") {
        this.#hasDigest = event.hasDigest;
        if (this.#hasDigest) return { data: new Uint8Array(0), digest: { algorithm: "sha-256" } };
      } else {
        this.#isDone = true;
        if (this.#hasDigest && event.digest) {
          this.stats.digest = hex(event.digest);
          return { data: new Uint8Array(0), digest: { algorithm: "sha-256", sum: event.digest } };
        }
      }
    }
    return DONE;
  }
}
