/** Hono in Node, with its own static files and its own CORS headers: `node serve_hono.js ROOT`. */
import process from "node:process";
import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { diskStore } from "./disk_store.js";
import { makeSite } from "./site.js";

const [root] = process.argv.slice(2);
const site = makeSite(diskStore(root));

const app = new Hono();
app.use("/static/*", cors({ origin: "*" }));
app.use("/static/*", serveStatic({ root, rewriteRequestPath: (path) => path.slice("/static".length) }));
app.all("*", (context) => site(context.req.raw));

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => {
  console.log(`Listening on http://127.0.0.1:${port}/`);
});
