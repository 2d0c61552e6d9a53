/**
 * Opens a page in Chromium, picks files as a user would, prints what its `#result` says, and keeps what that offers for
 * download.
 *
 *     node open_page.js CHROMIUM URL OUTPUT SELECTOR=FILE...
 */
import process from "node:process";
import { chromium } from "playwright-core";
import { CHROMIUM_FLAGS } from "./chromium.js";

const [executablePath, url, output, ...inputs] = process.argv.slice(2);

const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(url);
  for (const [, selector, path] of inputs.map((input) => /^(.*?)=(.*)$/.exec(input))) {
    await page.setInputFiles(selector, path);
  }
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
