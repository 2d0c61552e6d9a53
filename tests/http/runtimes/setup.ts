/** What servers and clients need: a project with the package, published files, and a page. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layeredSigStream } from "rsync-streams/sync";
import { builtTarball } from "../../../scripts/build_npm.ts";
import { ROOT } from "../../../scripts/npm_tools.ts";
import { bundle, makeProject } from "../../runtimes/tools.ts";

export const HERE = join(ROOT, "tests/http/runtimes");
export const DENO_FLAGS = ["run", "-A", "--node-modules-dir=manual", "--no-lock"];
/** Node without `QUERY`, without Zstandard and without `ReadableStream.from()`. */
export const OLDEST_NODE = "20.0.0";

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>rsync-streams/http</title>
<link rel="icon" href="data:,">
<script type="module" src="page.js"></script>`;

/** A project with the package, the servers and the clients. */
export function makeSites(): string {
  const names = ["@hono/node-server", "hono", "sirv"] as const;
  const project = makeProject(builtTarball(), names);
  const programs = ["serve_deno.js", "serve_bun.js", "serve_node.js", "serve_hono.js", "disk_store.js", "site.js"];
  for (const file of [...programs, "server_worker.js", "client_worker.js", "run.js"]) {
    copyFileSync(join(HERE, file), join(project, file));
  }
  // The recipes of the files go into one file with the cases; the package stays outside.
  bundle(project, join(HERE, "cases.js"), ["--packages=external", "--outfile=cases.js"]);
  return project;
}

/** A folder with published files, and a page. */
export async function makeFolder(project: string): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), "rsync-streams-served-"));
  // A server that is started by root gives up its rights.
  chmodSync(root, 0o755);
  const { servedFiles } = await import("./files.js");
  const published = new Date(Date.UTC(2026, 0, 2));
  for (const [name, bytes] of Object.entries(servedFiles()) as [string, Uint8Array<ArrayBuffer>][]) {
    const sig = new Blob([bytes]).stream().pipeThrough(layeredSigStream({ fileLength: bytes.length }));
    writeFileSync(join(root, name), bytes);
    writeFileSync(join(root, `${name}.rsig`), await new Response(sig).bytes());
    for (const path of [name, `${name}.rsig`]) utimesSync(join(root, path), published, published);
  }
  mkdirSync(join(root, "page"));
  writeFileSync(join(root, "page/index.html"), PAGE);
  // As an app is bundled: one that imports a module of Node would not be.
  copyFileSync(join(HERE, "page.js"), join(project, "page.js"));
  bundle(project, "page.js", ["--platform=browser", "--minify", `--outfile=${join(root, "page/page.js")}`]);
  return root;
}

/** Serves the page of another origin. */
export function servePage(root: string) {
  const server = createServer((request, response) => {
    const isScript = request.url?.endsWith(".js");
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(Deno.readFileSync(join(root, "page", isScript ? "page.js" : "index.html")));
  });
  return new Promise<{ url: string; stop: () => void }>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const stop = () => {
        server.closeAllConnections();
        server.close();
      };
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, stop });
    });
  });
}
