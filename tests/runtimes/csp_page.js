/**
 * Opens a page that may compile no WebAssembly, in Chromium: its content security policy lacks `wasm-unsafe-eval`. Runs
 * an expression of `csp_work.js` in it, and prints its result and the violations that the browser reported.
 *
 *     node csp_page.js CHROMIUM FOLDER EXPRESSION
 *
 * The folder has the installed package. Under `/free/` there is no policy: a worker from there may compile.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import process from "node:process";
import { chromium } from "playwright-core";
import { CHROMIUM_FLAGS } from "./chromium.js";

const [executablePath, folder, expression] = process.argv.slice(2);

const IMPORTS = {
  "rsync-streams": "/node_modules/rsync-streams/mod.js",
  "rsync-streams/callbacks": "/node_modules/rsync-streams/src/callbacks/mod.js",
  "rsync-streams/http": "/node_modules/rsync-streams/src/http/mod.js",
  "rsync-streams/sync": "/node_modules/rsync-streams/src/sync/mod.js",
  "@noble/hashes/": "/node_modules/@noble/hashes/",
};
const PAGE = `<!doctype html>
<link rel="icon" href="data:,">
<script type="importmap" nonce="here">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module" nonce="here">
  const violations = [];
  document.addEventListener("securitypolicyviolation", ({ blockedURI }) => violations.push(blockedURI));
  const work = await import("/csp_work.js");
  globalThis.work = async (name) => {
    const result = await work[name]();
    // Reports come as tasks.
    await new Promise((resolve) => setTimeout(resolve, 300));
    return { result, violations };
  };
</script>`;

const server = createServer(async (request, response) => {
  const path = normalize(new URL(request.url, "http://localhost").pathname);
  const isFree = path.startsWith("/free/");
  if (!isFree) {
    response.setHeader("content-security-policy", "default-src 'self' data:; script-src 'self' 'nonce-here'");
  }
  if (path === "/") return response.setHeader("content-type", "text/html").end(PAGE);
  try {
    const bytes = await readFile(join(folder, isFree ? path.slice("/free".length) : path));
    const type = extname(path) === ".js" ? "text/javascript" : "application/octet-stream";
    response.setHeader("content-type", type).end(bytes);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));

const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => console.error(error));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => globalThis.work);
  console.log(JSON.stringify(await page.evaluate((name) => globalThis.work(name), expression)));
} finally {
  await browser.close();
  server.close();
}
