import type { Basis } from "../../basis/basis_source.ts";
import { hex } from "../../common/bytes.ts";
import { encodeDeltaStream } from "../../encode_delta_stream.ts";
import type { PatchBasis } from "../../engine/interface.ts";
import type { SyncPlan } from "../../sync/plan.ts";
import { planSync, type PlanSyncStats } from "../../sync/plan_sync.ts";
import { createDigest } from "../../stages/digest.ts";
import { progressHooks } from "../../streams/progress.ts";
import { HttpError } from "../http_error.ts";
import { type Coding, encodeStream, supportedCodings } from "../protocol/content_coding.ts";
import { strongTag } from "../protocol/entity_tag.ts";
import { DELTA_TYPE } from "../protocol/media_types.ts";
import { commandStream, copiesOf, literalLength, measure, type Measured } from "./upload_commands.ts";
import { type Answer, Connection, NOT_ENCODED } from "./connection.ts";
import { StatusError, statusError } from "./_status_error.ts";
import { PART_COST, unknownHost } from "./_range_reader.ts";
import { openRemoteSig, type RemoteSig } from "./_remote_sig.ts";
import { COMPRESSED_COST, RUN_COST } from "./_runs_reader.ts";
import type { SendStats, SendUpdateOptions, SentUpdate } from "./send_options.ts";
import { uploadBody } from "./upload_body.ts";

/** The slowest connection that is waited for, in bytes a millisecond. */
const MIN_RATE = 8;

/** What is uploaded, where to, and how. */
export interface FileUploadParts {
  readonly url: URL;
  readonly sigUrl: URL;
  readonly target: Basis;
  readonly source: PatchBasis;
  readonly timeoutMs: number;
  readonly options: SendUpdateOptions;
}

/** An upload of a file. */
export class FileUpload {
  readonly #parts: FileUploadParts;
  readonly #stats: SendStats = {
    bytesIn: 0,
    bytesSent: 0,
    bytesRead: 0,
    requests: 0,
    retries: 0,
    copiedBytes: 0,
    literalBytes: 0,
  };
  readonly #connection: Connection;
  readonly #reading: ReturnType<typeof progressHooks>;
  /** That of the first delta. Later ones keep it: with another they would replace what others have made meanwhile. */
  #condition: Record<string, string> | undefined;

  constructor(parts: FileUploadParts) {
    this.#parts = parts;
    this.#connection = new Connection(parts.url, parts.options, this.#stats);
    this.#connection.onStep = () => this.#report();
    this.#reading = progressHooks(this.#stats, () => this.#report());
  }

  async run(): Promise<SentUpdate> {
    try {
      return await this.#attempt();
    } catch (error) {
      const isLost = this.#condition && error instanceof HttpError && error.code === "network";
      if (!isLost) throw error;
    }
    // The server may have closed the connection while the target was read. Whether it has the delta all the same, its
    // signature tells.
    this.#stats.retries++;
    return await this.#attempt();
  }

  async #attempt(): Promise<SentUpdate> {
    const { options: { signal, backend }, sigUrl } = this.#parts;
    let remote: RemoteSig;
    try {
      remote = await openRemoteSig(this.#connection, unknownHost(), sigUrl);
    } catch (error) {
      if (!(error instanceof StatusError && error.status === 404)) throw error;
      return await this.#create(await this.#measure(), codingFor(error.headers));
    }
    const { entityTag, digest, fileLength } = remote.sig.footer;
    const measured = await this.#measure();
    const tag = strongTag(entityTag);
    if (digest === this.#stats.digest && (tag !== undefined || await this.#mayHave(fileLength))) {
      return this.#result("unchanged", entityTag);
    }
    if (tag === undefined) {
      const why =
        `${sigUrl} has no strong entity tag, so this is a host of files, and not a handler that takes uploads`;
      throw new HttpError("protocol", sigUrl, `Cannot send the update: ${why}`);
    }
    const coding = codingFor(remote.headers);
    const literalCost = coding ? COMPRESSED_COST : 1;
    const readCost = remote.takesRuns ? RUN_COST : PART_COST;
    const readBefore = this.#stats.bytesRead;
    const onProgress = ({ bytesRead }: Readonly<PlanSyncStats>) => this.#noteRead(readBefore + bytesRead);
    const options = { literalCost, readCost, signal, backend, onProgress };
    const plan = await planSync(remote.sig, this.#parts.target, options);
    return await this.#update(measured, plan, tag, coding);
  }

  /** Whether a host of files may have a file of this length: its signature may be older than the file. */
  async #mayHave(fileLength: number): Promise<boolean> {
    const { url } = this.#parts;
    const answer = await this.#connection.send(url, { method: "HEAD", headers: NOT_ENCODED });
    await answer.cancel();
    if (answer.status === 404) return false;
    return answer.status !== 200 || (answer.length ?? fileLength) === fileLength;
  }

  async #create(measured: Measured, coding: Coding | undefined): Promise<SentUpdate> {
    this.#stats.fallback = "no-file";
    this.#condition ??= { "If-None-Match": "*" };
    return this.#done(await this.#sendDelta(measured, coding));
  }

  async #update(measured: Measured, plan: SyncPlan, tag: string, coding: Coding | undefined): Promise<SentUpdate> {
    this.#condition ??= { "If-Match": tag };
    let answer = await this.#sendDelta(measured, coding, plan);
    if (answer.status === 422 && this.#stats.copiedBytes > 0) {
      await answer.cancel();
      this.#stats.fallback = "wrong-copies";
      answer = await this.#sendDelta(measured, coding);
    }
    return this.#done(answer, plan);
  }

  async #measure(): Promise<Measured> {
    const { source, options: { signal, backend } } = this.#parts;
    const onRead = (count: number) => this.#noteRead(this.#stats.bytesRead + count);
    const measured = await measure(source, createDigest(backend), signal, onRead);
    this.#stats.digest = hex(measured.digest);
    return measured;
  }

  /** @param plan What the server has. Undefined: nothing. */
  async #sendDelta(measured: Measured, coding: Coding | undefined, plan?: SyncPlan): Promise<Answer> {
    const { url, source, timeoutMs } = this.#parts;
    const copies = copiesOf(plan?.runs ?? []);
    const literalBytes = literalLength(measured, copies);
    this.#stats.literalBytes = literalBytes;
    this.#stats.copiedBytes = measured.length - literalBytes;
    const delta = commandStream(source, measured, copies).pipeThrough(encodeDeltaStream());
    const encoded = coding ? encodeStream(delta, coding, literalBytes) : delta;
    const { body, length } = await uploadBody(encoded, (count) => this.#noteSent(count));
    this.#stats.total = length === undefined ? undefined : this.#stats.bytesSent + length;
    this.#report();
    this.#noteSent(length ?? 0);
    const headers = { "Content-Type": DELTA_TYPE, ...this.#condition, ...(coding && { "Content-Encoding": coding }) };
    const maxMs = length === undefined ? Infinity : timeoutMs + length / MIN_RATE;
    return await this.#connection.send(url, { method: "PATCH", headers, body, timeoutMs: maxMs });
  }

  async #done(answer: Answer, plan?: SyncPlan): Promise<SentUpdate> {
    const { url, status, headers } = answer;
    if (status !== 201 && status !== 204) {
      const error = await statusError(answer);
      throw status === 412 ? new HttpError("changed", url, error.message, { status }) : error;
    }
    await answer.cancel();
    return this.#result(status === 201 ? "created" : "updated", headers.get("ETag") ?? undefined, plan);
  }

  #result(status: SentUpdate["status"], entityTag: string | undefined, plan?: SyncPlan): SentUpdate {
    this.#report();
    return { status, entityTag, plan, stats: this.#stats };
  }

  #noteRead(bytesRead: number): void {
    this.#stats.bytesRead = bytesRead;
    this.#reading.onStep?.();
  }

  #noteSent(count: number): void {
    this.#stats.bytesSent += count;
    this.#report();
  }

  #report(): void {
    this.#parts.options.onProgress?.({ ...this.#stats });
  }
}

/** The best coding that the server says it can decode. */
function codingFor(headers: Headers): Coding | undefined {
  const accepted = (headers.get("Accept-Encoding") ?? "").toLowerCase().split(",").map((item) => item.trim());
  return supportedCodings().find((coding) => accepted.includes(coding));
}
