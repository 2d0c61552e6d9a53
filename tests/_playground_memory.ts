/** The memory of a browser and all of its processes, on Linux. */
import type { BrowserContext } from "playwright-core";
import { readFileSync } from "node:fs";

const PERIOD_MS = 50;

/** What a browser takes while something runs. */
export interface MemoryWatch {
  /** Bytes at the peak beyond those at the start. */
  stop(): Promise<number>;
}

/** Sums what each process holds of its own, again and again, until it is told to stop. */
export async function watchMemory(context: BrowserContext): Promise<MemoryWatch> {
  const session = await context.browser()!.newBrowserCDPSession();
  const measure = async () => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.reduce((sum, { id }) => sum + privateBytes(id), 0);
  };
  const start = await measure();
  let peak = start;
  let isStopped = false;
  const watching = (async () => {
    while (!isStopped) {
      peak = Math.max(peak, await measure());
      await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await watching;
      await session.detach();
      return peak - start;
    },
  };
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
