/** Starts Debian's nginx on loopback, over a folder, and counts what it sends. */
import { hasProgram, isCi } from "../_cli_runner.ts";

/** How nginx is set up. */
export interface NginxOptions {
  /** The folder that it serves. */
  readonly root: string;
  /** Whether it compresses whole files, of all types. @default false */
  readonly gzip?: boolean;
  /** A server block in place of the usual one. Its port and its folder are replaced. */
  readonly site?: string | undefined;
  /** Headers that it adds to each answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request in nginx's log. */
export interface NginxRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Bytes of the body, with the borders of multipart answers. */
  readonly bodyLength: number;
  /** Bytes of the whole answer, with its head. */
  readonly answerLength: number;
}

/** nginx, running. */
export interface Nginx extends AsyncDisposable {
  /** Of its root, with a slash at the end. */
  readonly url: URL;
  /** The requests whose answers are over, since the last call. */
  takeRequests(): Promise<NginxRequest[]>;
}

/** How long nginx may take to start, or to write a line of its log. */
const MAX_WAIT_MS = 5000;
const STEP_MS = 20;

/** Whether nginx is installed. If not, says so; in CI it has to be. */
export async function hasNginx(): Promise<boolean> {
  if (await findNginx()) return true;
  const why = "nginx is not installed (Debian: apt-get install nginx-light)";
  if (isCi) throw new Error(`Cannot test with nginx, which CI needs: ${why}`);
  console.warn(`\nSKIPPED: tests with nginx: ${why}\n`);
  return false;
}

/** Debian has it in /usr/sbin, which is not in the path of every user. */
async function findNginx(): Promise<string | undefined> {
  for (const name of ["nginx", "/usr/sbin/nginx"]) if (await hasProgram(name)) return name;
  return undefined;
}

/** Starts nginx on a free port. Its configuration, logs and temporary files are in a folder of their own. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const program = await findNginx();
  if (!program) throw new Error("Cannot start nginx: it is not installed");
  const folder = await Deno.makeTempDir({ prefix: "rsync-streams-nginx-" });
  const port = freePort();
  await Deno.writeTextFile(`${folder}/nginx.conf`, configuration(folder, port, options));
  const args = ["-p", folder, "-c", `${folder}/nginx.conf`, "-e", `${folder}/error.log`];
  const process = new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  const end = async () => {
    try {
      process.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await process.status;
    await Deno.remove(folder, { recursive: true });
  };
  const log = new NginxLog(`${folder}/access.log`, new URL(`http://127.0.0.1:${port}/`));
  try {
    await waitFor(() => isListening(port), () => readText(`${folder}/error.log`));
  } catch (error) {
    await end();
    throw error;
  }
  return { url: log.url, takeRequests: () => log.take(), [Symbol.asyncDispose]: end };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

async function isListening(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

const readText = (path: string) => Deno.readTextFile(path).catch(() => "");

async function waitFor(isThere: () => Promise<boolean>, why: () => Promise<string>): Promise<void> {
  for (let waited = 0; !await isThere(); waited += STEP_MS) {
    if (waited > MAX_WAIT_MS) throw new Error(`nginx kept the test waiting: ${await why()}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

/** What marks how far the log is read. */
const MARK = "/.mark-";

/** Reads the log, and waits for the lines that are under way: nginx writes them after the answer. */
class NginxLog {
  readonly #path: string;
  readonly url: URL;
  #read = 0;
  #marks = 0;

  constructor(path: string, url: URL) {
    this.#path = path;
    this.url = url;
  }

  async take(): Promise<NginxRequest[]> {
    const mark = `${MARK}${++this.#marks}`;
    // One worker writes lines in the order in which answers end. A client that went away ends its answer a bit later.
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    await (await fetch(new URL(mark, this.url))).body?.cancel();
    let text = "";
    const isMarked = async () => (text = await readText(this.#path)).includes(`${mark} `);
    await waitFor(isMarked, () => Promise.resolve(`${mark} is not in its log`));
    const lines = text.trimEnd().split("\n");
    const requests = lines.slice(this.#read).map(parseLine).filter(({ path }) => !path.startsWith(MARK));
    this.#read = lines.length;
    return requests;
  }
}

function parseLine(line: string): NginxRequest {
  const [, method, path, status, body, answer] = /^(\S+) (\S+) \S+ (\d+) (\d+) (\d+)$/.exec(line) ?? [];
  if (answer === undefined) throw new Error(`Cannot read the log of nginx: ${line}`);
  return {
    method: method!,
    path: path!,
    status: Number(status),
    bodyLength: Number(body),
    answerLength: Number(answer),
  };
}

const SITE = "server { listen 80; root /srv; }";

/** One process that stays in the foreground and writes nowhere but into the folder. */
function configuration(folder: string, port: number, options: NginxOptions): string {
  const { root, gzip = false, headers = {}, site = SITE } = options;
  const added = Object.entries(headers).map(([name, value]) => `add_header ${name} "${value}" always;`).join(" ");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 512; }
http {
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
  log_format counted '$request $status $body_bytes_sent $bytes_sent';
  access_log ${folder}/access.log counted;
  types { text/html html; text/javascript js; text/plain txt; }
  default_type application/octet-stream;
  sendfile on;
  gzip ${gzip ? "on" : "off"};
  gzip_types *;
  gzip_min_length 100;
  ${site.replace(/listen [^;]*;/, `listen 127.0.0.1:${port}; ${added}`).replace(/root [^;]*/, `root "${root}"`)}
}
`;
}
