import type { Input, SigReader } from "../engine/interface.ts";
import { DONE, type Stage, type StageResult } from "../engine/stage.ts";
import { ByteWriter } from "../formats/_byte_writer.ts";
import type { SigRecord } from "./types.ts";

/** Signature bytes → records. */
export class RecordReader implements Stage<Uint8Array, SigRecord> {
  readonly #reader: SigReader;
  readonly #input: Input;
  /** Records that were read and not yet given. */
  #records: SigRecord[] = [];
  #at = 0;
  #strongLength = 0;

  constructor(reader: SigReader, input: Input) {
    this.#reader = reader;
    this.#input = input;
  }

  write(chunk: Uint8Array): void {
    this.#input.push(chunk);
  }

  end(): void {
    this.#input.end();
  }

  next(): StageResult<SigRecord> {
    while (this.#at === this.#records.length) {
      const event = this.#reader.next();
      if (!event) return undefined;
      if (event.type === "end") return DONE;
      if (event.type === "header") {
        this.#strongLength = event.header.strongLength;
        continue;
      }
      const { count, weak, strong } = event.batch;
      const length = this.#strongLength;
      this.#records = Array.from(
        { length: count },
        (_, k) => ({ weak: weak[k]!, strong: strong.slice(k * length, (k + 1) * length) }),
      );
      this.#at = 0;
    }
    return this.#records[this.#at++];
  }

  release(): void {}
}

/** Records → bytes of a luapower signature. */
export class RecordWriter {
  readonly #out = new ByteWriter();
  readonly #strongLength: number;

  constructor(strongLength: number) {
    this.#strongLength = strongLength;
  }

  /** @throws {TypeError} If it is not a record. */
  write({ weak, strong }: SigRecord): void {
    if (typeof weak !== "number" || !(strong instanceof Uint8Array) || strong.length !== this.#strongLength) {
      throw new TypeError(`Cannot load the record: a weak number and ${this.#strongLength} strong bytes were expected`);
    }
    this.#out.u32(weak, true);
    this.#out.bytes(strong);
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#out.take();
  }
}
