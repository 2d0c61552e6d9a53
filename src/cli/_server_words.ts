/** What answers of servers mean, and why there is none, in words. */
import { codeOf } from "../files/system_error.ts";

/** What a status means. */
const STATUSES: Readonly<Record<number, string>> = {
  403: "it does not permit it",
  404: "there is no such file",
  407: "a proxy wants to know who asks",
  408: "it got the request too slowly",
  410: "the file is gone",
  421: "it does not serve this host",
  429: "it wants fewer requests",
  500: "it has failed",
  502: "the server behind it does not answer",
  503: "it is busy",
  504: "the server behind it does not answer in time",
  507: "it has no space left",
};

const TAKES_NO_UPLOADS = 'it takes no uploads, as "serve --writable" does';

/** The same where it means something else to a push. */
const STATUSES_OF_PUSH: Readonly<Record<number, string>> = {
  404: TAKES_NO_UPLOADS,
  405: TAKES_NO_UPLOADS,
  409: "there is no such folder, or something else is in the place of the file",
  411: "it wants to know beforehand how long an upload is",
  412: "the file there was changed or created meanwhile: push again, or pull first",
  413: "the upload is too long for it, or for a proxy before it",
  415: TAKES_NO_UPLOADS,
  422: "what it made of the upload has another SHA-256: did FILE change meanwhile?",
  501: TAKES_NO_UPLOADS,
};

/**
 * What a status means. Undefined if that is not known.
 *
 * @param isAuthorized Whether the request says who asks.
 */
export function explainStatus(status: number, command: string, isAuthorized: boolean): string | undefined {
  if (status === 401) {
    return isAuthorized
      ? "it does not accept the credentials that were given"
      : "it wants to know who asks: give --header 'Authorization: ...'";
  }
  return (command === "push" ? STATUSES_OF_PUSH[status] : undefined) ?? STATUSES[status];
}

const BROKEN_OFF = "the connection broke off";
const NO_HOST = "there is no host of this name";
const NO_WAY = "there is no way to the host";
const NO_TLS = "it does not speak TLS there: is it an http: URL?";
const NO_HTTP = "it does not speak HTTP there";
const UNTRUSTED = "its certificate is not trusted";
const EXPIRED = "its certificate has expired";
const OTHER_NAME = "its certificate is for another name";

/** Codes of the errors of systems and runtimes. */
const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ConnectionRefused: "nothing listens there",
  ECONNRESET: BROKEN_OFF,
  EPIPE: BROKEN_OFF,
  UND_ERR_SOCKET: BROKEN_OFF,
  ENOTFOUND: NO_HOST,
  EAI_AGAIN: "the name of the host cannot be looked up now",
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
  ETIMEDOUT: "the host does not answer",
  UND_ERR_CONNECT_TIMEOUT: "the host does not answer",
  EPROTO: NO_TLS,
  ERR_SSL_WRONG_VERSION_NUMBER: NO_TLS,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: NO_TLS,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_HAS_EXPIRED: EXPIRED,
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_NAME,
};

/** Messages of runtimes that give no code. */
const MESSAGES: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/failed to lookup address/, NO_HOST],
  [/wrong version number|InvalidContentType/, NO_TLS],
  [/invalid peer certificate: Expired/, EXPIRED],
  [/invalid peer certificate: NotValidForName/, OTHER_NAME],
  [/invalid peer certificate/, UNTRUSTED],
  [/HPE_INVALID|invalid HTTP version parsed/i, NO_HTTP],
  [/bad port|Requests to port \d+ are blocked/, "fetch does not permit this port"],
];

/** Why there was no answer. The runtimes hide the error of the system behind one or two of their own. */
export function explainFailure(error: unknown): string {
  let last = "";
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = codeOf(cause) ?? "";
    const { message } = cause;
    const words = CODES[code] ?? MESSAGES.find(([pattern]) => pattern.test(`${code} ${message}`))?.[1];
    if (words !== undefined) return words;
    last = message.trim().replace(/(\\n)+$/, "") || last;
  }
  return last || "the connection failed, and the runtime does not say why";
}
