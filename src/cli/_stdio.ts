import fs from "node:fs";
import process from "node:process";
import { systemError } from "./_errors.ts";
import { printable } from "./_printable.ts";

/** What messages call the standard output. */
export const STDOUT_NAME = "the standard output";
const STDERR = 2;

/**
 * Writes lines to the standard error. They are written at once, so that they are there whatever ends the process.
 *
 * @param program What the program is called.
 * @param lines One string for each.
 */
export function say(program: string, ...lines: string[]): void {
  printError(`${program}: ${lines.map(printable).join("\n")}\n`);
}

/** Writes text to the standard error as it is. */
export function printError(text: string): void {
  try {
    fs.writeSync(STDERR, text);
  } catch {
    // There is no other place to report it.
  }
}

/** Writes bytes to the standard output. The promise resolves when the system has them. */
export function writeStdout(bytes: Uint8Array | string): Promise<void> {
  const { stdout } = process;
  // A failure goes to the callback, and to the listeners: without any, it would end the process.
  if (stdout.listenerCount("error") === 0) stdout.on("error", () => {});
  return new Promise((resolve, reject) => {
    stdout.write(bytes, (error?: Error | null) => error ? reject(error) : resolve());
  });
}

/**
 * Writes text to the standard output.
 *
 * @throws {CliError} If the system refuses it.
 */
export async function print(text: string): Promise<void> {
  try {
    await writeStdout(text);
  } catch (error) {
    throw systemError("write", STDOUT_NAME, error);
  }
}
