import { deltaReaders } from "../formats/mod.ts";
import { deltaReader } from "../stages/delta_reader.ts";

/** Finds out from the first bytes of a delta whether patching verifies the result. */
export class DeltaStart {
  readonly #reader = deltaReader({}, deltaReaders);
  #isRead = false;
  #hasDigest = false;

  /** Whether the delta carries a digest of the target, as far as its bytes were seen. */
  get hasDigest(): boolean {
    return this.#hasDigest;
  }

  /** Looks at the next bytes. Damage is not reported: whatever applies the delta will notice it too. */
  look(bytes: Uint8Array): void {
    if (this.#isRead) return;
    try {
      this.#reader.write(bytes);
      const part = this.#reader.next();
      this.#isRead = part !== undefined;
      this.#hasDigest = part?.type === "start" && part.hasDigest;
    } catch {
      this.#isRead = true;
    }
  }
}
