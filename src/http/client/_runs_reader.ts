import { HttpError } from "../http_error.ts";
import { RUNS_TYPE } from "../protocol/media_types.ts";
import { encodeRuns, lengthOf, type Run } from "../protocol/run_list.ts";
import { isWorkerd, workerdFlags } from "./_browser.ts";
import type { Answer, Connection } from "./connection.ts";
import { isTransient, Retries } from "./_retries.ts";
import { StatusError, statusError } from "./_status_error.ts";
import type { FileFacts } from "./_range_answer.ts";
import type { Host, RangeReader } from "./_range_reader.ts";
import { dropBytes } from "./runs.ts";

/** Runs in one request, so that its body stays small. */
const MAX_RUNS = 2 ** 17;
/** About what a run takes in the list. */
export const RUN_COST = 4;
/** What a byte costs that comes compressed, as a share of its length. That of text is about that. */
export const COMPRESSED_COST = 0.25;
/** Statuses of servers that know POST but not QUERY (RFC 10008). */
const NO_QUERY = new Set([400, 405, 501]);

/** Reads runs of a file from a handler, which takes a list of them and answers with their bytes, compressed. */
export class RunsReader {
  readonly #connection: Connection;
  readonly #host: Host;
  readonly #facts: FileFacts;
  readonly #ranges: RangeReader;
  #isRefused = false;

  /** @param ranges Used if the server takes no lists after all, or something on the way to it does not. */
  constructor(connection: Connection, host: Host, facts: FileFacts, ranges: RangeReader) {
    this.#connection = connection;
    this.#host = host;
    this.#facts = facts;
    this.#ranges = ranges;
  }

  /** What such runs will take, as far as can be foreseen: they come compressed. */
  costOf(runs: readonly Run[]): { requests: number; bytes: number } {
    return { requests: Math.ceil(runs.length / MAX_RUNS), bytes: Math.ceil(lengthOf(runs) * COMPRESSED_COST) };
  }

  /**
   * Reads runs, which ascend and do not overlap.
   *
   * @returns Their bytes, one after the other, in chunks of any length.
   * @throws {HttpError} If the server does not give them.
   */
  async *chunks(runs: readonly Run[]): AsyncGenerator<Uint8Array, void, void> {
    for (let at = 0; at < runs.length; at += MAX_RUNS) {
      const some = runs.slice(at, at + MAX_RUNS);
      yield* this.#isRefused ? this.#ranges.chunks(some) : this.#some(some);
    }
  }

  async *#some(runs: readonly Run[]): AsyncGenerator<Uint8Array, void, void> {
    const retries = new Retries(this.#connection);
    for (let left = runs; left.length > 0;) {
      let length = 0;
      const expected = lengthOf(left);
      try {
        for await (const chunk of (await this.#send(left)).chunks()) {
          if (length + chunk.length > expected) throw this.#error("protocol", `more than ${expected} bytes came`);
          length += chunk.length;
          retries.noteProgress(chunk.length);
          yield chunk;
        }
        if (length < expected) throw this.#error("network", `${length} bytes came, ${expected} were expected`);
      } catch (error) {
        if (length === 0 && isRefusal(error)) {
          this.#isRefused = true;
          return yield* this.#ranges.chunks(left);
        }
        await retries.waitOrThrow(error, length > 0);
      }
      left = dropBytes(left, length);
    }
  }

  async #send(runs: readonly Run[]): Promise<Answer> {
    const { url, tag } = this.#facts;
    const headers: Record<string, string> = { "Content-Type": RUNS_TYPE, ...acceptEncoding() };
    if (tag !== undefined) headers["If-Match"] = tag;
    const host = this.#host;
    const asked = { method: host.listMethod, headers, body: encodeRuns(runs) };
    let answer: Answer;
    try {
      answer = await this.#connection.send(url, asked);
    } catch (error) {
      if (!isUnanswered(error) || host.takesLists || asked.method === "POST") throw error;
      // Node 20 answers a method that its parser does not know without the headers that a page of another origin needs,
      // so that looks like a broken connection. A firewall may break it in fact.
      host.listMethod = "POST";
      return await this.#send(runs);
    }
    if (answer.status === 200) {
      host.takesLists = true;
      return answer;
    }
    const error = await statusError(answer);
    if (asked.method === "QUERY" && NO_QUERY.has(answer.status)) {
      host.listMethod = "POST";
      return await this.#send(runs);
    }
    if (answer.status === 412) throw this.#error("changed", "it is no longer the same version", 412);
    throw error;
  }

  #error(code: "protocol" | "network" | "changed", why: string, status?: number): HttpError {
    const { url } = this.#facts;
    return new HttpError(code, url, `Cannot read runs of ${url}: ${why}`, { status });
  }
}

/**
 * Node's `fetch` asks for brotli only over TLS if nothing is said, and workerd for nothing. workerd does not decode
 * brotli where the compatibility date of a worker is before 2024-04-29. Deno asks for it, but leaves a body as it came
 * where a program has asked. Browsers ignore the header.
 */
function acceptEncoding(): Record<string, string> {
  if ("Deno" in globalThis) return {};
  return { "Accept-Encoding": isWorkerd() && !workerdFlags()?.brotli_content_encoding ? "gzip" : "br, gzip" };
}

function isUnanswered(error: unknown): boolean {
  return error instanceof HttpError && error.code === "network";
}

/** Whether a server does not take lists at all: no later attempt would change that. */
function isRefusal(error: unknown): boolean {
  return error instanceof StatusError && !isTransient(error, false);
}
