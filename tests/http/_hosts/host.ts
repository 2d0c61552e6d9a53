/** What a host of the conformance server is: a function from requests to answers, and what it served. */

/** Bytes with a buffer of their own. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A version of a file. */
export interface Version {
  readonly bytes: Bytes;
  /** With its quotes; undefined for none. */
  readonly entityTag?: string | undefined;
  readonly modifiedMs?: number | undefined;
  readonly type?: string | undefined;
}

/** What a host does to an answer on its way, which a `Response` cannot express. Only raw hosts do it. */
export interface Wire {
  /** Closes the connection after as many bytes of the body. */
  readonly cutAt?: number;
  /** Closes the connection after as many bytes of the whole answer, head included. */
  readonly cutHeadAt?: number;
  /** Cuts with a reset instead of an orderly end. */
  readonly isReset?: boolean;
  /** Waits as long before each byte of the body. */
  readonly byteEveryMs?: number;
  /** Says nothing more after as many bytes of the body, and keeps the connection open. */
  readonly stallAt?: number;
  /** Sends no byte, and keeps the connection open. */
  readonly isSilent?: boolean;
  /** Sends the body again and again. */
  readonly isEndless?: boolean;
  /** Bytes instead of an HTTP message. */
  readonly nonsense?: string;
  /** Lists no length and ends the body with the connection. */
  readonly hasNoLength?: boolean;
}

/** What a host answers. Names of headers are in lower case. `content-length` is added unless it is there. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body that a GET gets. A HEAD gets its length. */
  readonly body: Bytes;
  /** Sends the body in chunks, without its length. */
  readonly isChunked?: boolean;
  readonly wire?: Wire;
}

/** A request as a host sees it. */
export interface HostRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
}

/** A request, and what went before it. */
export interface Visit extends HostRequest {
  /** Empty where a host is raw. */
  readonly body: Bytes;
  /** How many requests came for this path, with this one. */
  readonly count: number;
  /** How many requests came at all, with this one. */
  readonly total: number;
}

/** How a host answers. Each has its own state, so there is a new one for each update. */
export interface Behaviour {
  answer(visit: Visit): Answer | Promise<Answer>;
  /** Whether it is served by hand, byte by byte, since it gives answers with a `wire`. */
  readonly isRaw?: boolean;
  /** The connection is refused once as many requests were answered. */
  readonly refusesAfter?: number;
}

/** The most requests that a host answers. A client that asks for more has no bound. Cases expect fewer. */
export const MAX_REQUESTS = 500;
/** The longest that a host lives. */
export const MAX_LIFE_MS = 120_000;

/** What was asked and answered. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly range: string | null;
  readonly status: number;
  /** Bytes of the body that were sent. A raw host counts what it wrote, another what it handed out. */
  bodyLength: number;
}

/** Counts requests and bytes, and answers through a behaviour until there are too many. */
export class RequestLog {
  readonly requests: LoggedRequest[] = [];
  /** The most requests that waited for their answers at once. */
  peak = 0;
  #waiting = 0;
  /** Whether a client asked too often or swallowed too much. */
  isExceeded = false;

  /** Bytes of all bodies. */
  get bytes(): number {
    return this.requests.reduce((sum, { bodyLength }) => sum + bodyLength, 0);
  }

  /** Requests and bytes of bodies of a path. */
  of(path: string): { requests: number; bytes: number } {
    const requests = this.requests.filter((request) => request.path === path);
    return { requests: requests.length, bytes: requests.reduce((sum, { bodyLength }) => sum + bodyLength, 0) };
  }

  /** Asks a behaviour for its answer, and writes it down. */
  async answer(
    behaviour: Behaviour,
    request: HostRequest,
    body: Bytes = new Uint8Array(0),
  ): Promise<[Answer, LoggedRequest]> {
    const { method, path, headers } = request;
    const logged = { method, path, range: headers.get("range"), status: 0, bodyLength: 0 };
    this.requests.push(logged);
    const total = this.requests.length;
    const count = this.of(path).requests;
    if (total > MAX_REQUESTS) this.isExceeded = true;
    this.peak = Math.max(this.peak, ++this.#waiting);
    try {
      const answer = this.isExceeded
        ? { status: 508, headers: {}, body: new Uint8Array(0) }
        : await behaviour.answer({ method, path, headers, body, count, total });
      logged.status = answer.status;
      return [answer, logged];
    } finally {
      this.#waiting--;
    }
  }
}

/** A server that runs. */
export interface Host extends AsyncDisposable {
  /** Of its root, with a slash at the end. */
  readonly url: URL;
  readonly log: RequestLog;
}
