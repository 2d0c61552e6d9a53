/** The memory of a browser and all of its processes, on Linux. */
import type { BrowserContext, CDPSession } from "playwright-core";
import { readFileSync } from "node:fs";

const PERIOD_MS = 50;

/** Sums what each process holds of its own, again and again, until it is disposed of. */
export class MemoryWatch {
  readonly #session: CDPSession;
  readonly #start: number;
  #peak: number;
  #isStopped = false;
  readonly #watching: Promise<void>;

  private constructor(session: CDPSession, start: number) {
    this.#session = session;
    this.#start = start;
    this.#peak = start;
    this.#watching = this.#watch();
  }

  /** Starts to watch. */
  static async start(context: BrowserContext): Promise<MemoryWatch> {
    const session = await context.browser()!.newBrowserCDPSession();
    return new MemoryWatch(session, await heldBytes(session));
  }

  /** Bytes at the peak so far, beyond those at the start. */
  get growth(): number {
    return this.#peak - this.#start;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#watching;
    await this.#session.detach();
  }

  async #watch(): Promise<void> {
    while (!this.#isStopped) {
      this.#peak = Math.max(this.#peak, await heldBytes(this.#session));
      await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    }
  }
}

async function heldBytes(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  return processInfo.reduce((sum, { id }) => sum + privateBytes(id), 0);
}

/** Bytes that a process holds, without mapped files; 0 if it has just ended. */
function privateBytes(id: number): number {
  try {
    const status = readFileSync(`/proc/${id}/status`, "utf8");
    const kilobytes = ["RssAnon", "RssShmem"].map((name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]));
    return kilobytes.reduce((sum, value) => sum + value, 0) * 1024;
  } catch {
    return 0;
  }
}
