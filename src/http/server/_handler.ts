import type { Backend } from "../../kernel/interface.ts";
import { supportedCodings } from "../protocol/content_coding.ts";
import { DELTA_TYPE, type Named, parseUrl, RUNS_TYPE } from "../protocol/media_types.ts";
import { isPreflight, preflightHeaders, shareWith } from "./_cross_origin.ts";
import { Gate, Locks } from "./_gate.ts";
import { OpenFile, type ServedFile } from "./_open_files.ts";
import { answerPatch, checkPatchHeaders } from "./_patching.ts";
import { Problem, problemOf, problemResponse } from "./_problem.ts";
import { answerQuery, checkQueryType, QUERY_TYPES } from "./_querying.ts";
import { answerReading, type Content } from "./_reading.ts";
import { openBody } from "./_response_body.ts";
import { SignatureCache } from "./_signature_cache.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Options of `syncHandler`, checked. */
export interface HandlerOptions {
  readonly open: (url: URL, request: Request) => ServedFile | undefined | Promise<ServedFile | undefined>;
  readonly commit: ((url: URL, readable: ReadableStream<Bytes>, request: Request) => unknown) | undefined;
  readonly allowOrigin: string | undefined;
  readonly secret: string | undefined;
  readonly maxInputLength: number;
  readonly maxOutputLength: number;
  readonly maxCacheLength: number;
  readonly timeoutMs: number;
  readonly maxRequests: number;
  readonly onError: (error: unknown, request: Request) => void;
  readonly backend: Backend | undefined;
}

const READING = ["GET", "HEAD"];
const QUERYING = ["QUERY", "POST"];

/** Chooses what answers a request, and answers with a problem if it fails. */
export class Handler {
  readonly #options: HandlerOptions;
  readonly #gate: Gate;
  readonly #locks: Locks;
  readonly #signatures: SignatureCache;

  constructor(options: HandlerOptions) {
    const { maxRequests, timeoutMs, maxCacheLength: maxLength, secret, backend } = options;
    this.#options = options;
    this.#gate = new Gate(maxRequests, timeoutMs);
    this.#locks = new Locks(timeoutMs);
    this.#signatures = new SignatureCache({ maxLength, gate: this.#gate, secret, backend });
  }

  /** Answers a request. It does not reject. */
  async answer(request: Request): Promise<Response> {
    let response: Response;
    try {
      response = await this.#choose(request);
    } catch (error) {
      response = error instanceof Response ? error : this.#failed(error, request);
    } finally {
      // A body that nobody reads would keep the connection waiting.
      if (request.body && !request.body.locked) await request.body.cancel().catch(() => {});
    }
    const { allowOrigin = request.method === "PATCH" ? undefined : "*" } = this.#options;
    if (allowOrigin === undefined || response.headers.has("Access-Control-Allow-Origin")) return response;
    try {
      shareWith(allowOrigin, response.headers);
    } catch {
      // What `open` threw is a redirect, whose headers cannot be changed.
    }
    return response;
  }

  async #choose(request: Request): Promise<Response> {
    const { method } = request;
    const named = parseUrl(new URL(request.url));
    const methods = this.#methodsFor(named);
    if (isPreflight(request)) return this.#answerPreflight(request, methods);
    const allow = { Allow: methods.join(", ") };
    if (!methods.includes(method)) {
      throw new Problem(405, `Cannot answer ${method}: ${allow.Allow} are known here`, { headers: allow });
    }
    if (method === "OPTIONS") {
      return new Response(null, { status: 204, headers: { ...this.#abilities(named), ...allow } });
    }
    if (READING.includes(method)) return await this.#answerReading(request, named);
    if (method === "PATCH") return await this.#answerPatch(request, named.url);
    return await this.#answerQuery(request, named);
  }

  #methodsFor({ kind }: Named): string[] {
    const isPatched = kind === "file" && this.#options.commit !== undefined;
    return [...READING, ...QUERYING, ...(isPatched ? ["PATCH"] : []), "OPTIONS"];
  }

  #answerPreflight(request: Request, methods: readonly string[]): Response {
    const { allowOrigin } = this.#options;
    const shared = methods.filter((method) => method !== "PATCH" || allowOrigin !== undefined);
    return new Response(null, { status: 204, headers: preflightHeaders(request, allowOrigin ?? "*", shared) });
  }

  async #answerReading(request: Request, named: Named): Promise<Response> {
    const file = await this.#require(named, request);
    try {
      const content = await this.#contentOf(named, file);
      const response = await answerReading(request, content, (readable, length) => {
        file.hold();
        return this.#openBody(readable, request, () => file.release(), length);
      });
      for (const [name, value] of Object.entries(this.#abilities(named))) response.headers.set(name, value);
      return response;
    } finally {
      await file.release();
    }
  }

  async #answerQuery(request: Request, named: Named): Promise<Response> {
    checkQueryType(request, queryTypesOf(named));
    const { maxInputLength: maxLength, timeoutMs, backend } = this.#options;
    const file = await this.#require(named, request);
    let leave: (() => void) | undefined;
    let isOpen = false;
    const end = async () => {
      leave?.();
      await file.release();
    };
    try {
      // A signature is made behind the same gate, so it comes first.
      const content = await this.#contentOf(named, file);
      leave = await this.#gate.enter(request.signal);
      const response = await answerQuery(request, content, { maxLength, timeoutMs, backend }, (readable, length) => {
        isOpen = true;
        return this.#openBody(readable, request, end, length);
      });
      return response;
    } finally {
      if (!isOpen) await end();
    }
  }

  /** What a URL stands for: the file, or a signature of it, which is made if it is not there. */
  async #contentOf({ url, kind }: Named, file: OpenFile): Promise<Content> {
    if (kind !== "file") return await this.#signatures.get(url, file, kind);
    return { ...contentOf(file), digest: this.#signatures.peek(url, file)?.fileDigest };
  }

  async #answerPatch(request: Request, url: URL): Promise<Response> {
    checkPatchHeaders(request);
    const { commit, maxInputLength: maxLength, maxOutputLength, timeoutMs } = this.#options;
    const file = await this.#open(url, request);
    let leave: (() => void) | undefined;
    try {
      leave = await this.#gate.enter(request.signal);
      return await answerPatch(request, file, {
        limits: { maxLength, timeoutMs },
        maxOutputLength,
        open: () => this.#open(url, request),
        // The same for all ways to encode it, and no error for bytes that are no UTF-8.
        path: unescape(url.pathname),
        lock: (name) => this.#locks.enter(name, request.signal),
        commit: (readable) => commit!(new URL(url), readable, request),
      });
    } finally {
      leave?.();
      await file?.release();
    }
  }

  #openBody(readable: ReadableStream<Bytes>, request: Request, onOver: () => unknown, length?: number) {
    const { timeoutMs } = this.#options;
    const onError = (error: unknown) => this.#report(error, request);
    return openBody(readable, { signal: request.signal, timeoutMs, onOver, onError }, length);
  }

  /** What can be done with what a URL stands for, for headers. */
  #abilities(named: Named): Record<string, string> {
    const reading = {
      "Accept-Query": queryTypesOf(named).join(", "),
      "Accept-Encoding": supportedCodings().join(", "),
    };
    return this.#options.commit ? { ...reading, "Accept-Patch": DELTA_TYPE } : reading;
  }

  /** @throws {Problem} 404, if there is no file. */
  async #require(named: Named, request: Request): Promise<OpenFile> {
    const file = await this.#open(named.url, request);
    if (file) return file;
    throw new Problem(404, `Cannot find ${named.url.pathname}`, { headers: this.#abilities(named) });
  }

  async #open(url: URL, request: Request): Promise<OpenFile | undefined> {
    const file = await this.#options.open(new URL(url), request);
    return file && OpenFile.of(file, (error) => this.#report(error, request));
  }

  #failed(error: unknown, request: Request): Response {
    const problem = problemOf(error);
    if (problem) return problemResponse(problem, request.method);
    if (!request.signal.aborted) this.#report(error, request);
    return problemResponse(
      new Problem(500, "Cannot answer the request: something failed on this side"),
      request.method,
    );
  }

  #report(error: unknown, request: Request): void {
    try {
      this.#options.onError(error, request);
    } catch {
      // There is nobody else to tell.
    }
  }
}

/** What can be asked for: a delta is made of files alone. */
function queryTypesOf({ kind }: Named): readonly string[] {
  return kind === "file" ? QUERY_TYPES : [RUNS_TYPE];
}

function contentOf({ source, size, entityTag, modifiedMs, contentType }: OpenFile): Content {
  return { source, size, entityTag, modifiedMs, contentType };
}
