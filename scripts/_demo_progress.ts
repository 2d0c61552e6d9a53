/** The bar that the demo shows on a terminal. */
import process from "node:process";

/** Somebody who hears of progress. */
export interface Progress {
  /** @param bytes Done so far, of the total. */
  update(bytes: number, step: string): void;
  stop(): void;
}

/** Makes a bar on stderr; in a pipe it shows nothing. */
export async function progressBar(total: number): Promise<Progress> {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  // @ts-types="npm:@types/cli-progress@^3.11.6"
  const { Presets, SingleBar } = await import("cli-progress");
  const format = "{bar} {percentage} % · {step}";
  const bar = new SingleBar(
    { format, stream: process.stderr, clearOnComplete: true, hideCursor: true },
    Presets.shades_classic,
  );
  bar.start(total, 0, { step: "signature" });
  return {
    update: (bytes, step) => bar.update(bytes, { step }),
    stop: () => bar.stop(),
  };
}
