import type { Basis } from "../../basis/basis_source.ts";
import { hex } from "../../common/bytes.ts";
import { encodeDeltaStream } from "../../encode_delta_stream.ts";
import type { PatchBasis } from "../../engine/patcher.ts";
import { LayeredSig } from "../../sync/layered_sig.ts";
import type { SyncPlan } from "../../sync/plan.ts";
import { planSync } from "../../sync/plan_sync.ts";
import { HttpError } from "../http_error.ts";
import { type Coding, encodeStream, supportedCodings } from "../protocol/content_coding.ts";
import { strongTag } from "../protocol/entity_tag.ts";
import { DELTA_TYPE } from "../protocol/media_types.ts";
import { noStore } from "./_browser.ts";
import { commandStream, copiesOf, literalLength, measure, type Measured } from "./_upload_commands.ts";
import { FIRST_RANGE, SigRanges, statusError } from "./_sig_ranges.ts";
import { uploadBody } from "./_upload_body.ts";

/** What a missing byte costs if it is compressed on its way. */
const COMPRESSED_COST = 0.25;
/** The slowest connection that is waited for, in bytes a millisecond. */
const MIN_RATE = 8;
/** Longest time that timers take, in milliseconds. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** What an upload has done so far. */
export interface SendStats {
  /** Bytes received in the bodies of answers with parts of the signature. */
  bytesIn: number;
  /** Bytes handed over in the bodies of requests. */
  bytesSent: number;
  /** Requests sent. */
  requests: number;
  /** Bytes of the target that the server has already, as far as was found. */
  copiedBytes: number;
  /** Bytes of the target that are sent as data, before they are compressed. */
  literalBytes: number;
  /**
   * Why the whole file was sent: the server has none, or it could not make the target from the copies that were found,
   * which happens about once in a thousand uploads, since the sums of layers are short.
   */
  fallback?: "no-file" | "wrong-copies";
  /** SHA-256 of the target in hexadecimal digits. */
  digest?: string;
}

/** What {@linkcode sendUpdate} did. */
export interface SentUpdate {
  /** The file was replaced, or there was none before, or the server had it already and nothing was sent. */
  readonly status: "updated" | "created" | "unchanged";
  /** The tag of the version that the server has now, if it says so. */
  readonly entityTag: string | undefined;
  /** What the server had of the target. Undefined if that was not looked for. */
  readonly plan: SyncPlan | undefined;
  /** What was sent and received. */
  readonly stats: Readonly<SendStats>;
}

/** What is uploaded, where to, and how. */
export interface FileUploadParts {
  readonly url: URL;
  readonly sigUrl: URL;
  readonly target: Basis;
  readonly source: PatchBasis;
  readonly timeoutMs: number;
  readonly fetch?: typeof fetch | undefined;
  readonly headers?: HeadersInit | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((stats: Readonly<SendStats>) => void) | undefined;
}

/** A delta that is to be sent. */
interface Delta {
  readonly condition: Record<string, string>;
  readonly coding: Coding | undefined;
  /** What the server has. Undefined: nothing. */
  readonly plan?: SyncPlan;
}

/** An upload of a file. */
export class FileUpload {
  readonly #parts: FileUploadParts;
  readonly #stats: SendStats = { bytesIn: 0, bytesSent: 0, requests: 0, copiedBytes: 0, literalBytes: 0 };

  /** Ends all requests. */
  readonly #aborter = new AbortController();

  constructor(parts: FileUploadParts) {
    this.#parts = parts;
  }

  async run(): Promise<SentUpdate> {
    const { signal } = this.#parts;
    const { signal: aborted } = this.#aborter;
    const onAbort = () => this.#aborter.abort(signal!.reason);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", onAbort);
    try {
      return await this.#run();
    } catch (error) {
      // What else failed is a consequence.
      throw aborted.aborted ? aborted.reason : error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #run(): Promise<SentUpdate> {
    const { sigUrl, signal } = this.#parts;
    const send = (headers: Record<string, string>) => this.#send(sigUrl, { headers });
    const response = await send(FIRST_RANGE);
    const coding = codingFor(response.headers);
    if (response.status === 404) {
      await response.body?.cancel();
      return await this.#create(await this.#measure(), coding);
    }
    const sig = await LayeredSig.open(await SigRanges.open(response, sigUrl, send));
    this.#stats.bytesIn = sig.bytesRead;
    const measured = await this.#measure();
    const { entityTag, digest } = sig.footer;
    if (hex(digest) === this.#stats.digest) return this.#result("unchanged", entityTag);
    const tag = strongTag(entityTag);
    if (tag === undefined) {
      const why = `the signature has the entity tag ${entityTag}, a strong one was expected`;
      throw new HttpError("protocol", sigUrl, `Cannot send the update: ${why}`);
    }
    const literalCost = coding ? COMPRESSED_COST : 1;
    const plan = await planSync(sig, this.#parts.target, { literalCost, signal });
    this.#stats.bytesIn = sig.bytesRead;
    return await this.#update(measured, plan, tag, coding);
  }

  async #create(measured: Measured, coding: Coding | undefined): Promise<SentUpdate> {
    this.#stats.fallback = "no-file";
    return this.#done(await this.#sendDelta(measured, { condition: { "If-None-Match": "*" }, coding }));
  }

  async #update(measured: Measured, plan: SyncPlan, tag: string, coding: Coding | undefined): Promise<SentUpdate> {
    const condition = { "If-Match": tag };
    let response = await this.#sendDelta(measured, { condition, coding, plan });
    if (response.status === 422 && this.#stats.copiedBytes > 0) {
      await response.body?.cancel();
      this.#stats.fallback = "wrong-copies";
      response = await this.#sendDelta(measured, { condition, coding });
    }
    return this.#done(response, plan);
  }

  async #measure(): Promise<Measured> {
    const measured = await measure(this.#parts.source, this.#parts.signal);
    this.#stats.digest = hex(measured.digest);
    return measured;
  }

  async #sendDelta(measured: Measured, { condition, coding, plan }: Delta): Promise<Response> {
    const { url, source, timeoutMs } = this.#parts;
    const copies = copiesOf(plan?.runs ?? []);
    const literalBytes = literalLength(measured, copies);
    this.#stats.literalBytes = literalBytes;
    this.#stats.copiedBytes = measured.length - literalBytes;
    const delta = commandStream(source, measured, copies).pipeThrough(encodeDeltaStream());
    const encoded = coding ? encodeStream(delta, coding, literalBytes) : delta;
    const { body, length } = await uploadBody(encoded, (count) => {
      this.#stats.bytesSent += count;
      this.#report();
    });
    const headers = { "Content-Type": DELTA_TYPE, ...condition, ...(coding && { "Content-Encoding": coding }) };
    const maxMs = length === undefined ? Infinity : timeoutMs + length / MIN_RATE;
    return await this.#send(url, { method: "PATCH", headers, body, duplex: "half" } as RequestInit, maxMs);
  }

  async #done(response: Response, plan?: SyncPlan): Promise<SentUpdate> {
    const { url } = this.#parts;
    const { status, headers } = response;
    if (status !== 201 && status !== 204) {
      const error = await statusError(response, url, "send the update");
      throw status === 412 ? new HttpError("changed", url, error.message, { status }) : error;
    }
    await response.body?.cancel();
    return this.#result(status === 201 ? "created" : "updated", headers.get("ETag") ?? undefined, plan);
  }

  #result(status: SentUpdate["status"], entityTag: string | undefined, plan?: SyncPlan): SentUpdate {
    this.#report();
    return { status, entityTag, plan, stats: this.#stats };
  }

  #report(): void {
    this.#parts.onProgress?.({ ...this.#stats });
  }

  /** @param maxMs How long the answer is waited for. */
  async #send(url: URL, init: RequestInit, maxMs = this.#parts.timeoutMs): Promise<Response> {
    const { headers, fetch = globalThis.fetch } = this.#parts;
    const { signal } = this.#aborter;
    const sent = new Headers(headers);
    for (const [name, value] of Object.entries(init.headers as Record<string, string>)) sent.set(name, value);
    const timer = setTimeout(() => {
      const why = `no answer came within ${Math.round(maxMs)} ms`;
      this.#aborter.abort(new HttpError("timeout", url, `Cannot reach the server: ${why}`));
    }, Math.min(maxMs, MAX_TIMEOUT_MS));
    this.#stats.requests++;
    try {
      signal.throwIfAborted();
      return await fetch(url, { ...noStore(), ...init, headers: sent, signal });
    } catch (cause) {
      throw new HttpError("network", url, "Cannot reach the server: no answer came", { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The best coding that the server says it can decode. */
function codingFor(headers: Headers): Coding | undefined {
  const accepted = (headers.get("Accept-Encoding") ?? "").toLowerCase().split(",").map((item) => item.trim());
  return supportedCodings().find((coding) => accepted.includes(coding));
}
