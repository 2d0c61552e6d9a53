/**
 * Opens pages in Chromium, one after the other in one profile, and prints a line of JSON for each: the text of its
 * `#result`, and the status and the SHA-256 of a response that an expression makes in the page.
 *
 *     node open_pages.js CHROMIUM EXPRESSION URL...
 */
import process from "node:process";
import { chromium } from "playwright-core";
import { CHROMIUM_FLAGS } from "./chromium.js";

const [executablePath, expression, ...urls] = process.argv.slice(2);

const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
try {
  const context = await browser.newContext();
  for (const url of urls) {
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("console", (message) => console.error(message.text()));
    page.on("pageerror", (error) => console.error(error));
    await page.goto(url);
    await page.waitForFunction(() => document.querySelector("#result").textContent !== "");
    const text = await page.textContent("#result");
    const kept = await page.evaluate(`(async () => {
      const response = await ${expression};
      const sum = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
      const digits = Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0"));
      return { status: response.status, sha256: digits.join("") };
    })()`);
    console.log(JSON.stringify({ text, ...kept }));
    await page.close();
  }
} finally {
  await browser.close();
}
