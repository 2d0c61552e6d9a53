/** Serves the files of a folder to clients that have older versions of them. */
import { syncHandler } from "rsync-streams/http";
import { servedFolder } from "./served_folder.js";

const handler = syncHandler(servedFolder(Deno.args[0]!, Deno.env.get("TOKEN")));
Deno.serve({ hostname: "localhost", port: Number(Deno.env.get("PORT") ?? 8000) }, handler);
