import type { DeltaCommand } from "./delta_command.ts";
import type { CommandSink, Output } from "./interface.ts";
import { DONE, type Stage, type StageResult } from "./stage.ts";
import type { PatchStats } from "./stats.ts";

/** Commands → delta bytes, one for one. */
export class Encoder implements Stage<DeltaCommand, Uint8Array<ArrayBuffer>> {
  readonly stats: PatchStats = { bytesIn: 0, bytesOut: 0, copiedBytes: 0, literalBytes: 0 };
  readonly #sink: CommandSink;
  readonly #output: Output;
  readonly #hasDigest: boolean;
  #hasStarted = false;
  #isDone = false;
  #digest: { strongSum: string; sum?: Uint8Array } | undefined;

  /** @param hasDigest Whether the format can carry the digest of the target. */
  constructor(sink: CommandSink, output: Output, hasDigest: boolean) {
    this.#sink = sink;
    this.#output = output;
    this.#hasDigest = hasDigest;
  }

  write(command: DeltaCommand): void {
    checkCommand(command);
    if (!this.#hasStarted) this.#start(command);
    const { copy, data } = command;
    this.#checkLength(copy ? copy.length : data.length);
    if (copy) {
      this.#sink.copy(copy.offset, copy.length);
      this.stats.copiedBytes += copy.length;
    } else {
      if (command.digest) this.#takeDigest(command.digest);
      if (data.length > 0) this.#sink.data(data);
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
    const length = this.stats.copiedBytes + this.stats.literalBytes;
    this.#sink.end(length, this.#digest?.sum);
    this.#isDone = true;
  }

  next(): StageResult<Uint8Array<ArrayBuffer>> {
    if (this.#output.length > 0) {
      const bytes = this.#output.take();
      this.stats.bytesOut += bytes.length;
      return bytes;
    }
    return this.#isDone ? DONE : undefined;
  }

  release(): void {}

  #checkLength(added: number): void {
    const length = this.stats.copiedBytes + this.stats.literalBytes + added;
    if (length > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`Cannot encode the command: with its ${added} bytes the target is longer than 2^53 - 1`);
    }
  }

  #start(first: DeltaCommand | undefined): void {
    this.#hasStarted = true;
    const digest = this.#hasDigest ? first?.data && first.digest : undefined;
    this.#digest = digest;
    this.#sink.start(digest?.strongSum);
  }

  #takeDigest(digest: { strongSum: string; sum?: Uint8Array }): void {
    if (!this.#hasDigest) return;
    if (digest.strongSum !== this.#digest?.strongSum) {
      throw new TypeError(
        `Cannot encode the delta: a ${digest.strongSum} digest was seen, the first command names ${
          this.#digest?.strongSum ?? "none"
        }`,
      );
    }
    this.#digest = digest;
  }
}

function checkCommand(command: DeltaCommand): void {
  if (command?.data instanceof Uint8Array && command.copy === undefined) return;
  const copy = command?.copy;
  if (typeof copy?.offset !== "number" || typeof copy.length !== "number" || command.data !== undefined) {
    throw new TypeError(
      "Cannot encode the command: it is neither { copy: { offset, length } } nor { data: Uint8Array }",
    );
  }
  const { offset, length } = copy;
  if (
    !Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 1 ||
    length >= 2 ** 52 || offset + length > 2 ** 52
  ) {
    throw new RangeError(
      `Cannot encode the command: a copy of ${length} bytes at offset ${offset} lies outside 0 to 2^52, or is longer than 2^52 - 1`,
    );
  }
}
