/** Runs the cases in Node, Bun or Deno, and prints what came of them as one line of JSON: `node run.js OPTIONS`. */
import process from "node:process";
import { runCases } from "./cases.js";

console.log(JSON.stringify(await runCases(JSON.parse(process.argv[2]))));
// Connections that are kept alive would keep it from ending.
process.exit();
