import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isAllowedOrigin } from "../../http/protocol/origin.ts";
import { syncHandler } from "../../http/server/sync_handler.ts";
import type { CommandSpec, Invocation, OptionSpec } from "../_command_spec.ts";
import { checkMayListen, CliError, EXIT, formatMessage, systemError, usageError } from "../_errors.ts";
import { checkName } from "../_names.ts";
import { flag, integerOption, textOption } from "../_option_kinds.ts";
import { printable } from "../_printable.ts";
import { warn } from "../_report.ts";
import { exchange } from "../serve/node_exchange.ts";
import { ServedFolder } from "../serve/served_folder.ts";
import { HELP, JSON_OUTPUT, QUIET, VERBOSE, VERSION } from "../_shared_options.ts";
import { print, say } from "../_stdio.ts";
import { formatBytes } from "../_units.ts";

const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 8080;
const MAX_PORT = 65535;

const PORT = integerOption({
  name: "port",
  value: "N",
  help: `where to listen; default: ${DEFAULT_PORT}, and 0 takes a free port`,
});
const HOST = textOption({
  name: "host",
  value: "HOST",
  help: `where to listen; default: ${DEFAULT_HOST}, this machine alone; 0.0.0.0: every network`,
});
const WRITABLE = flag({ name: "writable", help: "let push replace and create files" });
const CORS: OptionSpec<string> = {
  name: "allow-origin",
  value: "ORIGIN",
  help: "let web pages of this origin read, and write with --writable; *: all of them",
  parse(value) {
    if (isAllowedOrigin(value)) return value;
    const expected = "an origin such as https://example.com, without a path, or * was expected";
    throw usageError(`cannot use --allow-origin: ${JSON.stringify(value)} was given, ${expected}`);
  },
};

const JSON_LINES = {
  ...JSON_OUTPUT,
  help: "print a line of JSON on stdout with the URL once it listens, and one with counts when it ends",
};

export const serve: CommandSpec = {
  name: "serve",
  usage: "DIR",
  operands: { min: 1, max: 1 },
  operandKinds: ["folder"],
  needsNames: true,
  summary: "serve a folder to pull and push",
  details: `Serves the files of DIR and of the folders in it over HTTP, with a signature of each, so that pull
fetches what has changed, and any browser or curl the whole. It runs until a signal ends it.

Nothing whose name starts with a dot or has a control character is served, no list of a folder, and
no link that leads out of DIR. A name that ends in .rsig or .rsig-long means the signature of the
file before that. Files that push creates have names that every system takes: no \\ or :, no dot or
space at the end, and none of the names of devices on Windows, such as aux.c.

Anybody who reaches HOST may read everything else, and with --writable replace it: put a proxy before
it that encrypts and asks who is there. As long as it listens on this machine alone, it answers only
requests that call it localhost, 127.0.0.1 or ::1, so that no web page gets in by another name.

Least permissions in Deno: --allow-net=HOST:PORT --allow-read=DIR, and --allow-write=DIR if it is
writable.`,
  examples: [
    "rsync-streams serve releases",
    "rsync-streams serve --writable --port 0 --json inbox",
  ],
  options: [PORT, HOST, WRITABLE, CORS, JSON_LINES, QUIET, VERBOSE, VERSION, HELP],
  run,
};

async function run(invocation: Invocation): Promise<void> {
  const { operands: [path], options, dialect } = invocation;
  checkName("open", path!);
  const { host, port } = placeOf(invocation);
  const folder = await ServedFolder.open(path!, ({ message }) => warn(invocation, formatMessage(message)));
  const allowOrigin = options.get(CORS);
  const handler = syncHandler({
    open: (url) => folder.open(url),
    commit: options.get(WRITABLE) && ((url, readable) => folder.commit(url, readable)),
    allowOrigin,
    onError: (error, { method, url }) => say(dialect.name, `cannot answer ${method} ${pathOf(url)}: ${whyOf(error)}`),
  });
  const isLocal = isLoopback(host);
  const answer = async (request: Request) => {
    if (isLocal && !isLoopback(hostNameOf(request))) {
      return new Response("This host is not served here\n", { status: 421 });
    }
    const response = await handler(request);
    // Without leave, no page of any other origin may read what is on this machine.
    if (allowOrigin === undefined) response.headers.delete("Access-Control-Allow-Origin");
    return response;
  };
  const stats = { requests: 0, bytesOut: 0 };
  const running = new Set<Promise<void>>();
  const server = createServer((incoming, outgoing) => {
    const job = answerOne(incoming, outgoing, answer, stats, invocation).finally(() => running.delete(job));
    running.add(job);
  });
  const url = await listen(server, host, port);
  try {
    if (options.get(JSON_LINES)) await printLine({ url, folder: path });
    if (!options.get(QUIET)) say(dialect.name, `${path} is served at ${url}`);
    if (!isLocal && options.get(WRITABLE)) warn(invocation, `anybody who reaches ${host} may replace files`);
    await untilEnd(invocation.signal);
  } finally {
    server.close();
    server.closeAllConnections();
    // Uploads under way are given up, and leave nothing.
    await Promise.all(running);
  }
  // Nobody may read it any more.
  if (options.get(JSON_LINES)) await printLine({ url, folder: path, stats }).catch(() => {});
}

/** What was served so far. */
interface ServeStats {
  requests: number;
  /** Bytes of bodies. */
  bytesOut: number;
}

function printLine(facts: unknown): Promise<void> {
  return print(`${JSON.stringify(facts)}\n`);
}

/** Answers a request, and reports it. */
async function answerOne(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: (request: Request) => Promise<Response>,
  stats: ServeStats,
  { options, dialect }: Invocation,
): Promise<void> {
  const start = performance.now();
  const { status, length, isWhole } = await exchange(incoming, outgoing, answer);
  stats.requests++;
  stats.bytesOut += length;
  if (options.get(QUIET)) return;
  const what = `${incoming.method} ${printable(incoming.url ?? "")}`;
  const ms = Math.round(performance.now() - start);
  say(dialect.name, `${what} ${status} ${formatBytes(length)} ${ms} ms${isWhole ? "" : ", broken off"}`);
}

function placeOf({ options }: Invocation): { host: string; port: number } {
  const port = options.get(PORT) ?? DEFAULT_PORT;
  if (port >= 0 && port <= MAX_PORT) return { host: options.get(HOST) ?? DEFAULT_HOST, port };
  throw new CliError(EXIT.PARAMETER, `cannot use --port: ${port} was given, 0 to ${MAX_PORT} were expected`);
}

/** Starts to listen, and returns the URL. */
async function listen(server: Server, host: string, port: number): Promise<string> {
  const address = host.includes(":") ? `[${host}]` : host;
  checkMayListen(`${address}:${port}`);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    throw systemError("listen at", `${address}:${port}`, error);
  }
  const { port: actual } = server.address() as AddressInfo;
  return `http://${address}:${actual}/`;
}

/** Waits until the run is ended. */
function untilEnd(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    signal?.addEventListener("abort", () => resolve());
  });
}

/** The name that a client calls this server by. */
function hostNameOf({ headers }: Request): string {
  return (headers.get("host") ?? "").replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1");
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

function whyOf(error: unknown): string {
  return error instanceof Error ? formatMessage(error.message) : String(error);
}
