/** Clients in each runtime. */
import { join } from "node:path";
import { toolCommand, TOOLS } from "../../../scripts/npm_tools.ts";
import { besideTool, bundleWorker, chromiumBinary, DRIVER_NODE, nodeBinary } from "../../runtimes/tools.ts";
import { DENO_FLAGS, HERE, OLDEST_NODE } from "./setup.ts";

/** A client in a runtime. */
export interface Client {
  name: string;
  /** Whether it is a page of another origin than the servers'. */
  isForeign?: boolean;
  /**
   * Makes it ready, and gives the command for some options; throws if it cannot be had.
   *
   * @param pages Where pages of another origin are.
   */
  prepare(project: string, pages: string): (options: string) => { command: string; args: string[]; cwd: string };
}

function node(version: string): Client {
  return {
    name: `Node ${version}`,
    prepare(project) {
      const command = nodeBinary(version);
      return (options) => ({ command, args: ["run.js", options], cwd: project });
    },
  };
}

const deno: Client = {
  name: `Deno ${Deno.version.deno}`,
  prepare: (cwd) => (options) => ({ command: Deno.execPath(), args: [...DENO_FLAGS, "run.js", options], cwd }),
};

const bun: Client = {
  name: `Bun ${TOOLS.bun}`,
  prepare(cwd) {
    const command = toolCommand("bun", "bun");
    return (options) => ({ command, args: ["run.js", options], cwd });
  },
};

function chromium(name: string, isForeign: boolean): Client {
  return {
    name,
    isForeign,
    prepare(_, pages) {
      const browser = chromiumBinary();
      const cwd = besideTool("playwright-core", [join(HERE, "browser.js"), "chromium.js"]);
      const command = nodeBinary(DRIVER_NODE);
      return (options) => ({ command, args: ["browser.js", options, browser, pages], cwd });
    },
  };
}

function workerd(date: string): Client {
  return {
    name: `workerd, ${date}`,
    prepare(project) {
      const cwd = besideTool("miniflare", [join(HERE, "workerd.js")]);
      const command = nodeBinary(DRIVER_NODE);
      const folder = join(project, `client_worker_${date}`);
      bundleWorker(project, "client_worker.js", folder, "workerd");
      return (options) => ({ command, args: ["workerd.js", options, folder, date], cwd });
    },
  };
}

export const CLIENTS: readonly Client[] = [
  ...[OLDEST_NODE, "20.20.2", "22.23.3", DRIVER_NODE, "26.10.0"].map(node),
  bun,
  deno,
  chromium("Chromium, same origin", false),
  chromium("Chromium, other origin", true),
  workerd("2026-01-01"),
  // Before `cache` of a request, and before brotli.
  workerd("2024-01-01"),
];
