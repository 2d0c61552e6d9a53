/**
 * Opens a page in Chromium, and prints the first line that it writes to the console.
 *
 *     node page_console.js CHROMIUM URL
 */
import process from "node:process";
import { chromium } from "playwright-core";
import { CHROMIUM_FLAGS } from "./chromium.js";

const [executablePath, url] = process.argv.slice(2);

const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  const line = page.waitForEvent("console", { predicate: (message) => message.type() === "log", timeout: 20_000 });
  await page.goto(url);
  console.log((await line).text());
} finally {
  await browser.close();
}
