import fs from "node:fs";
import process from "node:process";

const STDERR = 2;

/** Tells people something, on a line of its own. Written at once, so that it is there whatever ends the process. */
export function say(line: string): void {
  try {
    fs.writeSync(STDERR, `rsync-streams: ${line}\n`);
  } catch {
    // Nobody can be told that nobody can be told.
  }
}

/** Writes to the standard output. Done when the system has the bytes. */
export function writeStdout(bytes: Uint8Array | string): Promise<void> {
  const { stdout } = process;
  // A failure is told to the callback, and to everybody: nobody listening would end the process.
  if (stdout.listenerCount("error") === 0) stdout.on("error", () => {});
  return new Promise((resolve, reject) => {
    stdout.write(bytes, (error?: Error | null) => error ? reject(error) : resolve());
  });
}
