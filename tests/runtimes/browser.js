/**
 * Runs the cases in a browser, in a page served on loopback. The page has an import map and loads the packages as they
 * are installed, without a bundler. Prints the results as one line of JSON.
 *
 *     node browser.js wasm|portable MIB FOLDER chromium|firefox|webkit [EXECUTABLE]
 *
 * Without an executable it is the browser that Playwright has installed.
 *
 * For the portable backend the page has a content security policy without `wasm-unsafe-eval`.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import process from "node:process";
import * as playwright from "playwright-core";
import { CHROMIUM_FLAGS } from "./chromium.js";

const [backend, mib, folder, name, executablePath] = process.argv.slice(2);

const IMPORTS = {
  "rsync-streams": "/node_modules/rsync-streams/mod.js",
  "rsync-streams/callbacks": "/node_modules/rsync-streams/src/callbacks/mod.js",
  "rsync-streams/sync": "/node_modules/rsync-streams/src/sync/mod.js",
  "@noble/hashes/": "/node_modules/@noble/hashes/",
};
const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>rsync-streams</title>
<link rel="icon" href="data:,">
<script type="importmap" nonce="here">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module" nonce="here">
  import { runCases } from "/cases.js";
  globalThis.run = runCases;
</script>`;
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };
const POLICY = "default-src 'self' data:; script-src 'self' 'nonce-here'";

const server = createServer(async (request, response) => {
  const path = normalize(new URL(request.url, "http://localhost").pathname);
  if (backend === "portable") response.setHeader("content-security-policy", POLICY);
  if (path === "/") return response.setHeader("content-type", "text/html").end(PAGE);
  try {
    const bytes = await readFile(join(folder, path));
    response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream").end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const options = name === "chromium" ? { executablePath, args: CHROMIUM_FLAGS } : {};
const browser = await playwright[name].launch(options);
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => globalThis.run);
  const result = await page.evaluate((options) => globalThis.run(options), { backend, mib: Number(mib) });
  console.log(JSON.stringify({ version: browser.version(), ...result }));
} finally {
  await browser.close();
  server.close();
}
