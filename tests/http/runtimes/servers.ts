/** Servers of each kind, and what each of them serves. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { toolCommand } from "../../../scripts/npm_tools.ts";
import { besideTool, bundleWorker, DRIVER_NODE, nodeBinary } from "../../runtimes/tools.ts";
import { hasNginx, startNginx } from "../nginx.ts";
import { DENO_FLAGS, HERE, OLDEST_NODE } from "./setup.ts";

/** What is served at a URL. */
interface Served {
  name: string;
  /** Where its files are, with a slash at the end. */
  url: string;
  /** A folder, a handler that takes uploads from everywhere, or one that does not take them from other origins. */
  kind: "static" | "handler" | "closed";
  /** Whether pages of other origins may read. */
  cors: boolean;
  /** A page of the same origin. */
  page: string;
  /** Whether it gets an upload of 33 MiB too, which takes some seconds. */
  takesLong?: boolean;
}

export interface Running extends AsyncDisposable {
  served: Served[];
}

/** A server of some kind. */
export interface Server {
  name: string;
  start(project: string, root: string): Promise<Running>;
}

/** Two of three that stand on Node are enough for long uploads. */
const WITHOUT_LONG = ["Hono"];

/** A program that serves `/static/`, `/handler/` and `/closed/`, and tells where. */
function program(name: string, cors: boolean, command: (project: string, root: string) => [string[], string]): Server {
  return {
    name,
    async start(project, root) {
      const [[file, ...args], cwd] = command(project, root);
      const { url, stop } = await startProgram(file!, args, cwd);
      const at = (path: string) => `${new URL(path, url)}`;
      const page = at("static/page/index.html");
      const served: Served[] = [
        { name: `${name}, static`, url: at("static/"), kind: "static", cors, page },
        {
          name: `${name}, handler`,
          url: at("handler/"),
          kind: "handler",
          cors: true,
          page,
          takesLong: !WITHOUT_LONG.includes(name),
        },
        { name: `${name}, closed handler`, url: at("closed/"), kind: "closed", cors: true, page },
      ];
      return { served, [Symbol.asyncDispose]: stop };
    },
  };
}

/** Starts a program and waits until it tells where it listens. */
async function startProgram(command: string, args: string[], cwd: string) {
  const child: ChildProcess = spawn(command, args, { cwd, stdio: ["pipe", "pipe", "pipe"] });
  const exited = once(child, "exit");
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no address in 30 s: ${output}`)), 30_000);
    // Later it says that clients have gone, which is what some cases do.
    child.stderr!.on("data", (bytes) => output = `${output}${bytes}`.slice(-5000));
    child.stdout!.on("data", (bytes) => {
      output += bytes;
      const found = /Listening on (http:\/\/\S+)/i.exec(output)?.[1];
      if (found) resolve(found);
      if (found) clearTimeout(timer);
    });
    exited.then(() => reject(new Error(`${command} ended: ${output}`)));
  });
  const stop = async () => {
    // The driver of workerd stops it first, when its input ends.
    child.stdin!.end();
    const timer = setTimeout(() => child.kill(), args[0] === "serve_workerd.js" ? 5000 : 0);
    await exited;
    clearTimeout(timer);
  };
  return { url, stop };
}

function nginx(name: string, options: { gzip?: boolean; headers?: Record<string, string> }): Server {
  return {
    name,
    async start(_, root) {
      if (!await hasNginx()) throw new Error("nginx is not installed");
      const server = await startNginx({ root, ...options });
      const url = server.url.href;
      const cors = options.headers !== undefined;
      const served: Served[] = [{ name, url, kind: "static", cors, page: `${url}page/index.html` }];
      return { served, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
    },
  };
}

function nodeServer(version: string): Server {
  return program(`Node ${version}`, false, (project, root) => [[nodeBinary(version), "serve_node.js", root], project]);
}

const ANYBODY = { "Access-Control-Allow-Origin": "*" };

export const SERVERS: readonly Server[] = [
  nginx("nginx", {}),
  nginx("nginx, CORS, gzip", { gzip: true, headers: ANYBODY }),
  nginx("nginx, CORS, exposed", {
    headers: { ...ANYBODY, "Access-Control-Expose-Headers": "Content-Range, Content-Length, ETag" },
  }),
  program("Deno", true, (project, root) => [[Deno.execPath(), ...DENO_FLAGS, "serve_deno.js", root], project]),
  program("Bun", false, (project, root) => [[toolCommand("bun", "bun"), "serve_bun.js", root], project]),
  nodeServer(OLDEST_NODE),
  nodeServer(DRIVER_NODE),
  program("Hono", true, (project, root) => [[nodeBinary(DRIVER_NODE), "serve_hono.js", root], project]),
  program("workerd", false, (project, root) => {
    const driver = besideTool("miniflare", [join(HERE, "serve_workerd.js")]);
    const folder = join(project, "server_worker");
    bundleWorker(project, "server_worker.js", folder, "workerd");
    return [[nodeBinary(DRIVER_NODE), "serve_workerd.js", folder, root], driver];
  }),
];
