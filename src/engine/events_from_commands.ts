import { hex, isBytes, toUint8Array } from "../common/bytes.ts";
import type { DataCommand, DeltaCommand } from "./delta_command.ts";
import type { DeltaEvent } from "./interface.ts";
import { DONE, type Inlet, type Source, type SourceResult } from "./stage.ts";
import type { PatchStats } from "./stats.ts";

/** Bytes of a digest. */
const DIGEST_LENGTH = 32;

/** Command objects, checked → parts of a delta. */
export class EventsFromCommands implements Inlet<DeltaCommand>, Source<DeltaEvent> {
  readonly stats: PatchStats = { bytesIn: 0, bytesOut: 0, copiedBytes: 0, literalBytes: 0 };
  readonly #hasDigest: boolean;
  readonly #maxCopyLength: number;
  /** Parts made and not given yet: three at most. */
  readonly #events: DeltaEvent[] = [];
  #hasStarted = false;
  #isDone = false;
  #digest: DataCommand["digest"];

  /**
   * @param hasDigest Whether the parts may carry a digest of the target.
   * @param maxCopyLength Bytes of the longest copy to give: longer ones come in pieces.
   */
  constructor(hasDigest: boolean, maxCopyLength = Infinity) {
    this.#hasDigest = hasDigest;
    this.#maxCopyLength = maxCopyLength;
  }

  write(command: DeltaCommand): void {
    checkCommand(command);
    if (!this.#hasStarted) this.#start(command);
    const { copy, data } = command;
    this.#checkLength(copy ? copy.length : data.length);
    if (copy) {
      this.#events.push({ type: "copy", offset: copy.offset, length: copy.length });
      this.stats.copiedBytes += copy.length;
    } else {
      if (command.digest) this.#takeDigest(command.digest);
      const bytes = toUint8Array(data);
      if (data.length > 0) this.#events.push({ type: "data", bytes });
      this.stats.literalBytes += data.length;
      this.stats.bytesIn += data.length;
    }
  }

  end(): void {
    if (!this.#hasStarted) this.#start(undefined);
    if (this.#digest && !this.#digest.sum) {
      throw new TypeError(
        "Cannot encode the delta: it begins with a digest command, and does not end with the digest itself",
      );
    }
    const targetLength = this.stats.copiedBytes + this.stats.literalBytes;
    const digest = this.#digest?.sum;
    if (digest) this.stats.digest = hex(digest);
    this.#events.push({ type: "end", targetLength, digest });
    this.#isDone = true;
  }

  next(): SourceResult<DeltaEvent> {
    const event = this.#events.shift();
    if (event === undefined) return this.#isDone ? DONE : undefined;
    if (event.type !== "copy" || event.length <= this.#maxCopyLength) return event;
    const { offset, length } = event;
    const piece = this.#maxCopyLength;
    this.#events.unshift({ type: "copy", offset: offset + piece, length: length - piece });
    return { type: "copy", offset, length: piece };
  }

  #checkLength(added: number): void {
    const length = this.stats.copiedBytes + this.stats.literalBytes + added;
    if (length > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`Cannot encode the command: with its ${added} bytes the target is longer than 2^53 - 1`);
    }
  }

  #start(first: DeltaCommand | undefined): void {
    this.#hasStarted = true;
    this.#digest = this.#hasDigest ? first?.data && first.digest : undefined;
    this.#events.push({ type: "start", hasDigest: this.#digest !== undefined });
  }

  #takeDigest(digest: NonNullable<DataCommand["digest"]>): void {
    if (!this.#hasDigest) return;
    const { algorithm, sum } = digest;
    if (!this.#digest) {
      throw new TypeError("Cannot encode the delta: a digest was seen, and the first command names none");
    }
    if (algorithm !== "sha-256" || sum !== undefined && !(isBytes(sum) && sum.length === DIGEST_LENGTH)) {
      throw new TypeError(
        `Cannot encode the delta: a digest of ${sum?.length} bytes by ${algorithm} was given, ` +
          `${DIGEST_LENGTH} bytes by sha-256 were expected`,
      );
    }
    this.#digest = { algorithm, ...(sum && { sum: new Uint8Array(sum) }) };
  }
}

function checkCommand(command: DeltaCommand): void {
  if (isBytes(command?.data) && command.copy === undefined) return;
  const copy = command?.copy;
  if (typeof copy?.offset !== "number" || typeof copy.length !== "number" || command.data !== undefined) {
    throw new TypeError(
      "Cannot encode the command: it is neither { copy: { offset, length } } nor { data: Uint8Array }",
    );
  }
  const { offset, length } = copy;
  if (
    !Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 1 ||
    offset + length > Number.MAX_SAFE_INTEGER
  ) {
    throw new RangeError(
      `Cannot encode the command: a copy of ${length} bytes at offset ${offset} was given, integers that end in 1 to ` +
        "2^53 - 1 were expected",
    );
  }
}
