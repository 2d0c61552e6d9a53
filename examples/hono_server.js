/** Serves the files of a folder at /files/ of a Hono application, in Deno or Bun. */
import process from "node:process";
import { Hono } from "hono";
import { syncHandler } from "rsync-streams/http";
import { servedFolder } from "./served_folder.js";

const { open, commit } = servedFolder(process.env.FOLDER ?? "files", process.env.TOKEN);

/** The URL below /files. */
const below = (url) => new URL(url.pathname.slice("/files".length), url);
const handler = syncHandler({
  open: (url, request) => open(below(url), request),
  commit: commit && ((url, readable) => commit(below(url), readable)),
});

const app = new Hono();
app.get("/", (context) => context.text("Files are at /files/\n"));
app.all("/files/*", (context) => handler(context.req.raw));

export default { fetch: app.fetch, port: Number(process.env.PORT ?? 8000) };
