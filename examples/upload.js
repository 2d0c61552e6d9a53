/** Makes the server's file equal to a local one: `TOKEN=… upload.js FILE URL`, in Node, Bun or Deno. */
import process from "node:process";
import { fileBasis } from "rsync-streams/files";
import { sendUpdate } from "rsync-streams/http";

const [path, url] = process.argv.slice(2);

const target = await fileBasis(path);
try {
  const headers = { Authorization: `Bearer ${process.env.TOKEN}` };
  const { status, stats } = await sendUpdate(url, target, { headers });
  console.log(`${status}: ${stats.bytesSent} bytes sent for ${target.size}`);
} finally {
  await target.close();
}
