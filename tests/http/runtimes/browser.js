/**
 * Runs the cases in Chromium, and prints what came of them as one line of JSON.
 *
 *     node browser.js OPTIONS CHROMIUM PAGE
 *
 * For a page of the same origin, each server has its own page, whose URL is in the options. For a page of another one,
 * there is PAGE.
 */
import process from "node:process";
import { chromium } from "playwright-core";
import { CHROMIUM_FLAGS } from "./chromium.js";

const [text, executablePath, foreignPage] = process.argv.slice(2);
const { servers, ...options } = JSON.parse(text);

const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
try {
  const results = [];
  for (const server of servers) {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error(error));
    await page.goto(options.isForeign ? foreignPage : server.page);
    await page.waitForFunction(() => globalThis.runCases);
    results.push(...await page.evaluate((all) => globalThis.runCases(all), { ...options, servers: [server] }));
    await page.close();
  }
  console.log(JSON.stringify(results));
} finally {
  await browser.close();
}
