import { type Basis, toPatchBasis } from "../../basis/basis_source.ts";
import { checkInteger } from "../../common/checks.ts";
import { type OwnSource, READING } from "../../basis/interface.ts";
import type { PatchBasis } from "../../engine/interface.ts";
import { strongTag } from "../protocol/entity_tag.ts";

/**
 * A file as it is served: one version of it, open for reading.
 *
 * @example Text in memory
 * ```ts
 * import { type ServedFile, syncHandler } from "rsync-streams/http";
 * import assert from "node:assert/strict";
 *
 * const text = new TextEncoder().encode("a text");
 * const file: ServedFile = { basis: text, size: text.length, entityTag: '"1"', contentType: "text/plain" };
 * const answer = await syncHandler({ open: () => file })(new Request("http://localhost/"));
 *
 * assert.equal(answer.headers.get("Content-Type"), "text/plain");
 * assert.equal(await answer.text(), "a text");
 * ```
 */
export interface ServedFile {
  /** Its bytes, read at random. They stay those of this version until `close()` is called. */
  readonly basis: Basis;
  /** Its length in bytes. */
  readonly size: number;
  /** A strong entity tag with its quotes, such as `"abc"`. It changes whenever the bytes do. */
  readonly entityTag: string;
  /** When it was modified, in milliseconds since 1970. */
  readonly modifiedMs?: number | undefined;
  /**
   * Its media type.
   * @default {"application/octet-stream"}
   */
  readonly contentType?: string | undefined;
  /** Called once, when the file is no longer read, however the request ended. */
  close?(): unknown;
}

/** An open file that several can hold: it is closed once, when the last lets go of it. */
export class OpenFile {
  readonly source: PatchBasis;
  readonly size: number;
  readonly entityTag: string;
  readonly modifiedMs: number | undefined;
  readonly contentType: string | undefined;
  readonly #file: ServedFile;
  readonly #onError: (error: unknown) => void;
  #holderCount = 1;

  private constructor(file: ServedFile, onError: (error: unknown) => void) {
    this.#file = file;
    this.#onError = onError;
    const { basis, size, entityTag, modifiedMs, contentType } = file;
    this.size = checkInteger("the size of the file", size, 0, Number.MAX_SAFE_INTEGER);
    if (entityTag === undefined || strongTag(entityTag) !== entityTag) {
      const seen = JSON.stringify(entityTag) ?? "undefined";
      throw new TypeError(
        `Cannot use the entityTag of the file: ${seen} was given, a strong tag in quotes was expected`,
      );
    }
    this.source = toPatchBasis(basis);
    if ((this.source.size ?? size) !== size) {
      throw new RangeError(
        `Cannot use the size of the file: ${size} was given, its basis has ${this.source.size} bytes`,
      );
    }
    this.entityTag = entityTag;
    // What a file system says has fractions.
    this.modifiedMs = modifiedMs === undefined ? undefined : Math.floor(modifiedMs);
    this.contentType = contentType;
  }

  /**
   * Takes a file over.
   *
   * @param onError Called if `close()` fails.
   * @throws {TypeError | RangeError} If it is not what a served file has to be. It is closed then.
   */
  static async of(file: ServedFile, onError: (error: unknown) => void): Promise<OpenFile> {
    try {
      return new OpenFile(file, onError);
    } catch (error) {
      await closeFile(file, onError);
      throw error;
    }
  }

  /** Its bytes, with the length that is known here. */
  get basis(): OwnSource {
    const { source, size } = this;
    return {
      size,
      [READING]: source,
      readInto: (buffer, offset) => source.readInto(buffer, offset),
      async read(offset, length) {
        const buffer = new Uint8Array(length);
        return buffer.subarray(0, await source.readInto(buffer, offset));
      },
    };
  }

  /** Notes one more holder. */
  hold(): this {
    this.#holderCount++;
    return this;
  }

  /** Lets go of it. Each holder calls it once. */
  async release(): Promise<void> {
    if (--this.#holderCount > 0) return;
    await closeFile(this.#file, this.#onError);
  }
}

/** Calls `close()`. A failure is reported and harms nobody. */
async function closeFile(file: ServedFile, onError: (error: unknown) => void): Promise<void> {
  try {
    await file.close?.();
  } catch (error) {
    onError(error);
  }
}
