/** Serves the files of a folder to clients that have older versions of them. */
import { syncHandler } from "rsync-streams/http";
import { servedFolder } from "./served_folder.js";

const server = Bun.serve({
  hostname: "localhost",
  port: Bun.env.PORT ?? 8000,
  fetch: syncHandler(servedFolder(Bun.argv[2], Bun.env.TOKEN)),
});
console.log(`Listening on ${server.url}`);
