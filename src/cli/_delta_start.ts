import { Recognizer } from "../formats/recognize.ts";

/** Finds out from the first bytes of a delta whether patching verifies the result. */
export class DeltaStart {
  readonly #file = new Recognizer("the delta", { kind: "delta" });
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
      this.#file.write(bytes);
      const part = this.#file.result()?.reader.next();
      this.#isRead = part !== undefined;
      this.#hasDigest = part?.type === "start" && part.hasDigest;
    } catch {
      this.#isRead = true;
    }
  }
}
