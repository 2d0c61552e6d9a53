/** What the commands share that ask a server. */
import type { UpdateOptions } from "../http/client/update_options.ts";
import { HttpError } from "../http/http_error.ts";
import type { Invocation, OptionSpec } from "./_command_spec.ts";
import { CliError, connectionDenial, EXIT, formatMessage, usageError } from "./_errors.ts";
import { explainFailure, explainStatus } from "./_server_words.ts";
import { flag, integerOption, textOption } from "./_option_kinds.ts";

/** Seconds. */
const DEFAULT_TIMEOUT = 30;
/** Seconds: the longest time that timers take. */
const MAX_TIMEOUT = 2_147_483;

/** Lines of headers, for each request. */
export const HEADER: OptionSpec<readonly (readonly [name: string, value: string])[]> = {
  name: "header",
  value: "LINE",
  help: "header of each request, such as 'Authorization: Bearer TOKEN'; may be given several times",
  parse(line) {
    const [, name = "", value = ""] = /^([^:]*):[ \t]*(.*)$/s.exec(line) ?? [];
    try {
      new Headers([[name, value]]);
    } catch {
      throw usageError(`invalid header ${JSON.stringify(line)}: 'NAME: VALUE' was expected`);
    }
    return [[name, value]];
  },
  join: (before, lines) => [...before, ...lines],
};

/** Where the layered signature is. */
export const SIG_URL: OptionSpec<string> = textOption({
  name: "sig",
  value: "URL",
  help: "where the .rsig is, if it is not at URL.rsig",
});

export const TIMEOUT: OptionSpec<number> = integerOption({
  name: "timeout",
  value: "SECONDS",
  help: `longest wait for a response, or for its next bytes, before another attempt; default: ${DEFAULT_TIMEOUT}`,
});

export const PLAN = flag({ name: "plan", help: "say what it would take, and do nothing else" });

/** Statuses with a hint of what to do. */
const NEEDS_WORDS: readonly number[] = [401, 405, 412];

/** What a server is asked for, for messages. */
interface Purpose {
  /** The command. */
  readonly command: string;
  /** Whether the command line says who asks. */
  readonly isAuthorized: boolean;
}

/** A server that is asked: its URL, and how. */
export interface Remote {
  readonly url: URL;
  /** How it is asked. */
  readonly options: UpdateOptions;
  /** Converts an error of the server into one with an exit code, in words. Other errors are returned unchanged. */
  explain(error: unknown): unknown;
}

/**
 * Does some work with a file on a server.
 *
 * @param text The URL of the file. A name and a password in it become a header, and are not shown anywhere.
 * @param command The command, for messages.
 * @throws {CliError} If the URL is not one of http, or the server cannot do its part.
 */
export async function withRemote(
  text: string,
  command: string,
  { options, signal }: Invocation,
  work: (remote: Remote) => Promise<void>,
): Promise<void> {
  const { url, headers } = parseUrl(undefined, text, command);
  const sigText = options.get(SIG_URL);
  const sig = sigText === undefined ? undefined : parseUrl(url, sigText, command);
  // Headers are those of each request.
  if (sig?.headers.has("Authorization") && sig.headers.get("Authorization") !== headers.get("Authorization")) {
    throw usageError(
      `cannot use --${SIG_URL.name}: its name and password are not those of the URL of the file`,
      command,
    );
  }
  for (const [name, value] of options.get(HEADER) ?? []) headers.append(name, value);
  const timeoutMs = 1000 * checkTimeout(options.get(TIMEOUT) ?? DEFAULT_TIMEOUT);
  const explain = (error: unknown) => remoteError(error, { command, isAuthorized: headers.has("Authorization") });
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal!.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort);
  try {
    const remote = { headers, timeoutMs, signal: stop.signal, fetch: orStop(stop) };
    await work({
      url,
      options: sig === undefined ? remote : { ...remote, sigUrl: sig.url },
      explain,
    });
  } catch (error) {
    throw explain(error);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

function remoteError(error: unknown, { command, isAuthorized }: Purpose): unknown {
  if (!(error instanceof HttpError)) return error;
  const { code, url, status, message, cause } = error;
  const exitCode = code === "changed" ? EXIT.CHANGED : EXIT.SERVER;
  // Where the runtime has failed, its message is of no use. Where the answer was too short, that is said already.
  if (code === "network" && cause !== undefined) {
    return new CliError(exitCode, `cannot reach ${url}: ${explainFailure(cause)}`, { cause: error });
  }
  const more = status === undefined ? "" : furtherWords(message, status, explainStatus(status, command, isAuthorized));
  return new CliError(exitCode, formatMessage(message + more), { cause: error });
}

/** What is said behind a message: what its status means, unless the server has said why. What to do is always said. */
function furtherWords(message: string, status: number, words: string | undefined): string {
  if (words === undefined) return "";
  if (message.endsWith(`status ${status}`)) return `: ${words}`;
  return NEEDS_WORDS.includes(status) ? `; ${words}` : "";
}

/** @throws {CliError} If it is out of range. */
function checkTimeout(seconds: number): number {
  if (seconds >= 1 && seconds <= MAX_TIMEOUT) return seconds;
  const range = `1 to ${MAX_TIMEOUT} seconds were expected`;
  throw new CliError(EXIT.PARAMETER, `cannot use --${TIMEOUT.name}: ${seconds} was given, ${range}`);
}

/** Takes a name and a password out of a URL, which may be relative to another one. */
function parseUrl(base: URL | undefined, text: string, command: string): { url: URL; headers: Headers } {
  const url = siblingOf(base, text, command);
  const headers = new Headers();
  const { username, password } = url;
  if (username || password) {
    headers.set("Authorization", `Basic ${btoa(`${percentDecode(username)}:${percentDecode(password)}`)}`);
    url.username = url.password = "";
  }
  url.hash = "";
  return { url, headers };
}

/** The bytes of a part of a URL, as a string. A `%` that stands for itself stays: passwords have such. */
function percentDecode(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

/** A URL of http, which may be relative to another one. */
function siblingOf(base: URL | undefined, text: string, command: string): URL {
  try {
    const url = new URL(text, base);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // See below.
  }
  // A host without a scheme: its name is taken for one.
  const example = /^\w[\w.-]*(:\d|\/)/.test(text) && !text.includes("//") ? `, such as http://${text}` : "";
  throw usageError(`cannot use ${JSON.stringify(text)}: an http: or https: URL was expected${example}`, command);
}

/** `fetch`, but a missing permission ends all work at once: another attempt would not help. */
function orStop(stop: AbortController): (url: string, init: RequestInit) => Promise<Response> {
  return async (url, init) => {
    try {
      return await fetch(url, init);
    } catch (error) {
      const denial = connectionDenial(`reach ${new URL(url).host}`, error);
      if (denial) stop.abort(denial);
      throw error;
    }
  };
}
