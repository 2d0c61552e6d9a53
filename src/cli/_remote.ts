/** What the commands share that ask a server. */
import { codeOf } from "../files/system_error.ts";
import type { UpdateOptions } from "../http/client/update_options.ts";
import { HttpError } from "../http/http_error.ts";
import type { Invocation, OptionSpec } from "./_command_spec.ts";
import { CliError, connectionDenial, EXIT, formatMessage, usageError } from "./_errors.ts";
import { flag, textOption } from "./_option_kinds.ts";

/** Lines of headers, for each request. */
export const HEADER: OptionSpec<readonly (readonly [name: string, value: string])[]> = {
  name: "header",
  value: "LINE",
  help: "header of each request, such as 'Authorization: Bearer …'; may be given several times",
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

export const PLAN = flag({ name: "plan", help: "say what it would take, and do nothing else" });

/** Reasons that the system or the runtime has to give no answer. */
const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ConnectionRefused: "nothing listens there",
  ECONNRESET: "the connection broke off",
  EPIPE: "the connection broke off",
  ENOTFOUND: "there is no host of this name",
  EAI_AGAIN: "the name of the host cannot be looked up now",
  EHOSTUNREACH: "there is no way to the host",
  ENETUNREACH: "there is no way to the host",
  ETIMEDOUT: "the host does not answer",
};

/** What a status means here. */
const STATUSES: Readonly<Record<number, string>> = {
  401: "it wants to know who asks: give --header 'Authorization: …'",
  403: "it does not permit it",
  404: "there is no such file",
  405: "it does not take this",
  407: "a proxy wants to know who asks",
  410: "the file is gone",
  413: "the file is too long for it",
  503: "it is busy",
};

/** A server that is asked: its URL, and how. */
export interface Remote {
  readonly url: URL;
  /** How it is asked. */
  readonly options: UpdateOptions;
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
  const { url, headers } = parseUrl(text, command);
  for (const [name, value] of options.get(HEADER) ?? []) headers.append(name, value);
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal!.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    const sigUrl = options.get(SIG_URL);
    const remote = { headers, signal: stop.signal, fetch: orStop(stop) };
    await work({
      url,
      options: sigUrl === undefined ? remote : { ...remote, sigUrl: siblingOf(url, sigUrl, command) },
    });
  } catch (error) {
    throw remoteError(error);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Converts the error of a server into one with an exit code, in words. Other errors are returned unchanged. */
export function remoteError(error: unknown): unknown {
  if (!(error instanceof HttpError)) return error;
  const { code, url, status, message, cause } = error;
  if (code === "changed") return new CliError(EXIT.CHANGED, formatMessage(message), { cause: error });
  const why = code === "network" ? whyUnreachable(cause) : undefined;
  if (why !== undefined) return new CliError(EXIT.SERVER, `cannot reach ${url}: ${why}`, { cause: error });
  // Unless the server itself says more.
  const words = /\d$/.test(message) ? STATUSES[status ?? 0] : undefined;
  return new CliError(EXIT.SERVER, formatMessage(words ? `${message}, ${words}` : message), { cause: error });
}

function parseUrl(text: string, command: string): { url: URL; headers: Headers } {
  const url = siblingOf(undefined, text, command);
  const headers = new Headers();
  const { username, password } = url;
  if (username || password) {
    const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
    headers.set("Authorization", `Basic ${btoa(String.fromCharCode(...bytes))}`);
    url.username = url.password = "";
  }
  url.hash = "";
  return { url, headers };
}

/** A URL of http, which may be relative to another one. */
function siblingOf(base: URL | undefined, text: string, command: string): URL {
  try {
    const url = new URL(text, base);
    if (url.protocol === "http:" || url.protocol === "https:") return url;
  } catch {
    // See below.
  }
  throw usageError(`cannot use ${JSON.stringify(text)}: an http: or https: URL was expected`, command);
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

/** Why there was no answer. The runtimes hide the error of the system behind one or two of their own. */
function whyUnreachable(error: unknown): string | undefined {
  let why: string | undefined;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = codeOf(cause) ?? (/failed to lookup address/.test(cause.message) ? "ENOTFOUND" : "");
    if (UNREACHABLE[code] !== undefined) return UNREACHABLE[code];
    why = cause.message;
  }
  return why;
}
