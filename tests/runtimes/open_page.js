/**
 * Opens a page in Chromium, gives it a file as a user would, and keeps what it offers for download.
 *
 *     node open_page.js CHROMIUM URL FILE OUTPUT
 */
import process from "node:process";
import { chromium } from "playwright-core";
import { CHROMIUM_FLAGS } from "./chromium.js";

const [executablePath, url, path, output] = process.argv.slice(2);

const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(url);
  await page.setInputFiles("#basis", path);
  await page.waitForFunction(() => document.querySelector("#result").textContent !== "");
  const link = page.locator("#result a");
  if (await link.count() === 0) throw new Error(await page.textContent("#result"));
  const download = page.waitForEvent("download");
  await link.click();
  await (await download).saveAs(output);
  console.log(await link.textContent());
} finally {
  await browser.close();
}
