/** What a user of the playground does. */
import type { Page } from "playwright-core";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TIMEOUT_MS } from "./_playground.ts";

/** Where downloads and files to choose lie. */
export const folder = mkdtempSync(join(tmpdir(), "rsync-streams-playground-"));

/** A value of the totals. */
export async function fact(page: Page, name: string): Promise<string> {
  return (await page.locator("dl div:visible").filter({ has: page.getByText(name, { exact: true }) }).locator("dd")
    .first().textContent())!;
}

/** Chooses a bundled pair. */
export async function openPair(page: Page, name: string): Promise<void> {
  await page.getByText("Two releases of a package").click();
  await page.getByRole("button", { name: new RegExp(`^${name}`) }).click();
  await page.getByRole("button", { name, pressed: true }).waitFor();
  await isDone(page);
}

/** Waits until the three steps are through. */
export async function isDone(page: Page): Promise<void> {
  await page.locator(".result .headline:visible").first().waitFor();
}

/** Saves what a link offers. */
export async function save(page: Page, link: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: link }).click()]);
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}

/** Writes a file to choose. */
export function temporary(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Waits until something holds, and fails if it takes too long. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + TIMEOUT_MS;
  while (!await holds()) {
    if (Date.now() > endMs) throw new Error(`Cannot go on: ${holds} is not so after ${TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
