/** Each page of the examples, with the packed npm package, in Chromium. `deno task test:examples`. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { extname, join, normalize } from "node:path";
import { sha256 } from "./_bytes.ts";
import { BASIS, MAX_LENGTH, publishedSig, runClient, sendFile, serving, start, TARGET, test } from "./_examples.ts";
import { besideTool, bundle, chromiumBinary, DRIVER_NODE, nodeBinary } from "./runtimes/tools.ts";

/** Serves the pages and `node_modules`. */
function pagesOf(folder: string): RequestListener {
  const types: Record<string, string> = { ".js": "text/javascript", ".html": "text/html" };
  return (request, response) => {
    const path = normalize(new URL(request.url!, "http://localhost").pathname);
    try {
      const bytes = readFileSync(join(folder, path));
      response.setHeader("content-type", types[extname(path)] ?? "application/octet-stream").end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  };
}

const getBrowser = () => ({
  chromium: chromiumBinary(),
  node: nodeBinary(DRIVER_NODE),
  driver: besideTool("playwright-core", ["open_page.js", "open_pages.js", "chromium.js"]),
});

/** Pages of one origin, with node_server.js at another. */
async function withPages(node: string, folder: string, work: (pages: URL, server: URL) => Promise<void>) {
  const server = await start(node, ["node_server.js", "files"], folder);
  try {
    await serving(pagesOf(folder), (url) => work(url, new URL(server.url)));
  } finally {
    await server.stop();
  }
}

test("browser.html updates a file from another origin", getBrowser, async ({ chromium, node, driver }, folder) => {
  await withPages(node, folder, async (pages, server) => {
    const path = join(folder, "mine/basis");
    const output = join(folder, "mine/download");
    writeFileSync(path, BASIS);
    const url = new URL(`browser.html?url=${new URL("target", server)}`, pages);
    const stdout = await runClient([node, "open_page.js", chromium, url.href, output, `#basis=${path}`], driver);
    const [, came] = /^The server's file: (\d+) bytes came for \d+\n$/.exec(stdout)!;
    assert.ok(Number(came) < MAX_LENGTH, stdout);
    assert.ok(readFileSync(output).equals(TARGET), "the file is the server's");
  });
});

test(
  "browser.html updates from a host that exposes nothing",
  getBrowser,
  async ({ chromium, node, driver }, folder) => {
    const files: Record<string, Uint8Array> = { "/target": TARGET, "/target.rsig": await publishedSig() };
    const seen: string[] = [];
    const host: RequestListener = (request, response) => {
      seen.push(`${request.method} ${request.url}`);
      const bytes = files[request.url!];
      response.setHeader("access-control-allow-origin", "*");
      if (!bytes || request.method === "OPTIONS") return response.writeHead(405).end();
      sendFile(request, response, bytes);
    };
    const path = join(folder, "mine/basis");
    const output = join(folder, "mine/download");
    writeFileSync(path, BASIS);
    await serving(pagesOf(folder), (pages) =>
      serving(host, async (files) => {
        const url = new URL(`browser.html?url=${new URL("target", files)}`, pages);
        const stdout = await runClient([node, "open_page.js", chromium, url.href, output, `#basis=${path}`], driver);
        const [, came] = /^The server's file: (\d+) bytes came for \d+\n$/.exec(stdout)!;
        assert.ok(Number(came) < MAX_LENGTH, stdout);
        assert.ok(readFileSync(output).equals(TARGET), "the file is the host's");
      }));
    assert.equal(seen[0], "HEAD /target.rsig");
    assert.ok(!seen.some((line) => line.startsWith("OPTIONS")), "no preflight");
  },
);

/** Pages that keep a file, and how a test reads what they keep. */
const KEEPERS = {
  "opfs.html": `new Response(await (await (await navigator.storage.getDirectory()).getFileHandle("kept")).getFile())`,
  "service_worker.html": `fetch("asset")`,
};

for (const [name, expression] of Object.entries(KEEPERS)) {
  test(`${name} keeps a file up to date`, getBrowser, async ({ chromium, node, driver }, folder) => {
    const bundled = ["--format=iife", `--outfile=${join(folder, "service_worker.bundle.js")}`];
    bundle(folder, "service_worker.js", bundled);
    await withPages(node, folder, async (pages, server) => {
      const urls = ["old", "target", "no-such-file", "target"].map((file) => {
        return new URL(`${name}?url=${new URL(file, server)}`, pages).href;
      });
      const stdout = await runClient([node, "open_pages.js", chromium, expression, ...urls], driver);
      const [first, second, failed, third] = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
      const [oldSum, sum] = [await sha256(BASIS), await sha256(TARGET)];
      const came = (text: string) => Number(/^(\d+) bytes came for \d+$/.exec(text)![1]);
      assert.deepEqual([first.status, first.sha256], [200, oldSum]);
      assert.ok(came(first.text) > BASIS.length, first.text);
      assert.deepEqual([second.status, second.sha256], [200, sum]);
      assert.ok(came(second.text) < MAX_LENGTH, second.text);
      assert.match(failed.text, /status 404|network error/); // Chromium does not say why `put` failed
      assert.equal(failed.sha256, sum, "what is there stays");
      assert.equal(third.sha256, sum);
      assert.ok(came(third.text) < MAX_LENGTH, third.text);
    });
  });
}
