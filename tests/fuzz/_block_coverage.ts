/** Which blocks of code have run, as V8 counts it. */
import { type Profiler, Session } from "node:inspector/promises";

export class BlockCoverage {
  readonly #session: Session;
  readonly #folder: string;
  /** What was reached so far: a block, and about how often in one go. */
  readonly #seen = new Set<string>();

  private constructor(session: Session, folder: string) {
    this.#session = session;
    this.#folder = folder;
  }

  /** @param folder The start of the addresses of files to look at. */
  static async start(folder: string): Promise<BlockCoverage> {
    const session = new Session();
    session.connect();
    await session.post("Profiler.enable");
    await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    return new BlockCoverage(session, folder);
  }

  /** How much was reached so far. */
  get size(): number {
    return this.#seen.size;
  }

  forget(): void {
    this.#seen.clear();
  }

  /** Counts what ran since it was asked last, and had never run, or never so often, before. */
  async take(): Promise<number> {
    const before = this.#seen.size;
    const { result } = await this.#session.post(
      "Profiler.takePreciseCoverage",
    ) as Profiler.TakePreciseCoverageReturnType;
    for (const { url, functions } of result) {
      if (!url.startsWith(this.#folder)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) this.#seen.add(`${url}:${startOffset}-${endOffset}:${Math.round(Math.log2(count) / 2)}`);
        }
      }
    }
    return this.#seen.size - before;
  }
}
