import { ChunkList } from "../../common/chunk_list.ts";
import { HttpError } from "../http_error.ts";
import { formatRange } from "../protocol/byte_ranges.ts";
import { lengthOf, type Run } from "../protocol/run_list.ts";
import { type Answer, type Connection, MAX_PARALLEL, NOT_ENCODED } from "./connection.ts";
import { Retries } from "./_retries.ts";
import { statusError } from "./_status_error.ts";
import { checkVersion, DoubtError, type FileFacts, takeRanges } from "./_range_answer.ts";
import { dropBytes, joinNear, Picker, RunQueue } from "./runs.ts";

/** Bytes that are asked for in one request. They are held in memory until it is their turn. */
const GROUP_LENGTH = 2 ** 22;
/** Ranges in one request. Apache takes 200, Cloudflare 300, and many servers no header of more than 8 KiB. */
const MAX_RANGES = 128;
/** Answers to a group with less than was asked for. Beyond that, the whole file takes fewer requests. */
const MAX_SHORT_ANSWERS = 16;
/** About what the head of a part takes: nearer ranges are asked for as one. */
export const PART_COST = 100;

/** What was learned about a server. */
export interface Host {
  /** Whether it has given a range that was asked for. */
  givesRanges: boolean;
  /** Whether several ranges in one request are answered rightly. After the first doubt they are not asked for again. */
  several: "unknown" | "work" | "never";
  /** How it is asked for lists of runs, and whether it has answered that. */
  listMethod: "QUERY" | "POST";
  takesLists: boolean;
}

/** A server of which nothing is known. */
export function unknownHost(): Host {
  return { givesRanges: false, several: "unknown", listMethod: "QUERY", takesLists: false };
}

/** A group of runs that is being fetched. */
interface Job {
  readonly runs: readonly Run[];
  readonly fetched: Promise<Fetched>;
  /** Ends it, and lets go of its answer. */
  end(): Promise<void>;
}

/** What came of a group: its bytes, and what has to be picked out of the whole file, which an answer may have. */
interface Fetched {
  readonly pieces: readonly Uint8Array[];
  readonly whole?: { readonly answer?: Answer; readonly left: readonly Run[] };
}

/** Reads runs of a file by `Range` requests: several at once, and several in one request where the server can. */
export class RangeReader {
  readonly #connection: Connection;
  readonly #host: Host;
  readonly #facts: FileFacts;
  readonly #onWhole: (() => void) | undefined;

  /** @param onWhole Called if the server sends nothing but the whole file. */
  constructor(connection: Connection, host: Host, facts: FileFacts, onWhole?: () => void) {
    this.#connection = connection;
    this.#host = host;
    this.#facts = facts;
    this.#onWhole = onWhole;
  }

  /** What such runs will take, as far as can be foreseen. */
  costOf(runs: readonly Run[]): { requests: number; bytes: number } {
    const ranges = joinNear(runs, this.#maxGap);
    const length = lengthOf(ranges);
    if (this.#isSingle) {
      return { requests: ranges.reduce((sum, { length }) => sum + Math.ceil(length / GROUP_LENGTH), 0), bytes: length };
    }
    const requests = Math.max(Math.ceil(ranges.length / MAX_RANGES), Math.ceil(length / GROUP_LENGTH));
    return { requests, bytes: length + (ranges.length > requests ? PART_COST * ranges.length : 0) };
  }

  /**
   * Reads runs, which ascend and do not overlap.
   *
   * @returns Their bytes, one after the other, in chunks of any length.
   * @throws {HttpError} If the server does not give them.
   */
  async *chunks(runs: readonly Run[]): AsyncGenerator<Uint8Array, void, void> {
    const queue = new RunQueue(runs);
    const jobs: Job[] = [];
    try {
      for (;;) {
        while (queue.first && this.#mayStart(jobs)) jobs.push(this.#start(this.#takeGroup(queue)));
        const [job, ...others] = jobs;
        if (!job) return;
        const { pieces, whole } = await job.fetched;
        yield* pieces;
        if (whole) {
          const left = [...whole.left, ...others.flatMap(({ runs }) => runs), ...queue.rest()];
          await endAll(others);
          return yield* this.#pickWhole(whole.answer, left);
        }
        jobs.shift();
      }
    } finally {
      await endAll(jobs);
    }
  }

  #start(runs: readonly Run[]): Job {
    const stop = new AbortController();
    const fetched = this.#fetchGroup(runs, stop.signal);
    // It is waited for when it is its turn.
    const settled = fetched.catch(() => undefined);
    const end = async () => {
      stop.abort();
      await (await settled)?.whole?.answer?.cancel();
    };
    return { runs, fetched, end };
  }

  get #isSingle(): boolean {
    return this.#host.several === "never" || this.#connection.isForeign;
  }

  /** Runs that are not farther from each other are asked for as one range. */
  get #maxGap(): number {
    return this.#isSingle ? this.#connection.requestCost : PART_COST;
  }

  /**
   * Whether one more request may be sent. Until ranges have come it is one at a time: the first may make a cache fetch
   * the whole file. The first that asks for several is waited for too.
   */
  #mayStart(jobs: readonly Job[]): boolean {
    if (jobs.length === 0) return true;
    const isTrial = this.#host.several === "unknown" && !this.#isSingle &&
      jobs.some(({ runs }) => joinNear(runs, PART_COST).length > 1);
    return jobs.length < MAX_PARALLEL && this.#host.givesRanges && !isTrial;
  }

  /** Takes the runs that the next request asks for. */
  #takeGroup(queue: RunQueue): Run[] {
    const group: Run[] = [];
    const maxGap = this.#maxGap;
    let end = queue.first!.offset;
    let ranges = 1;
    /** Bytes of the ranges, the gaps inside them included. */
    let length = 0;
    for (let run = queue.first; run; run = queue.first) {
      const gap = run.offset - end;
      const isNewRange = gap > maxGap;
      if (isNewRange && (this.#isSingle || ++ranges > MAX_RANGES)) break;
      if (!isNewRange) length += gap;
      const taken = Math.min(run.length, GROUP_LENGTH - length);
      if (taken <= 0) break;
      group.push({ offset: run.offset, length: taken });
      queue.take(taken);
      end = run.offset + taken;
      length += taken;
    }
    return group;
  }

  async #fetchGroup(runs: readonly Run[], signal: AbortSignal): Promise<Fetched> {
    const retries = new Retries(this.#connection, signal);
    const fetched = new ChunkList();
    const pieces = fetched.chunks;
    let hadWhole = false;
    let shortCount = 0;
    for (let left = runs; left.length > 0;) {
      const wanted = this.#takeGroup(new RunQueue(left));
      const ranges = joinNear(wanted, this.#maxGap);
      const picker = new Picker(wanted);
      try {
        const answer = await this.#connection.send(this.#facts.url, this.#ask(ranges, signal));
        if (answer.status === 200 && ranges.length === 1) {
          await checkVersion(answer, this.#facts);
          if (hadWhole || !this.#host.givesRanges) return { pieces, whole: { answer, left } };
          // It has given ranges before: one more attempt costs less than the whole file.
          hadWhole = true;
          await answer.cancel();
          continue;
        }
        await takeRanges(answer, ranges, this.#facts, picker, fetched);
        if (!picker.isDone && ++shortCount > MAX_SHORT_ANSWERS) throw shortAnswersError(answer);
        this.#host.givesRanges = true;
        if (ranges.length > 1 && this.#host.several === "unknown") this.#host.several = "work";
      } catch (error) {
        if (error instanceof DoubtError) this.#host.several = "never";
        else if (isProtocol(error) && this.#onWhole) return { pieces, whole: { left: dropBytes(left, picker.length) } };
        else await retries.waitOrThrow(error, this.#host.givesRanges);
      }
      retries.noteProgress(picker.length);
      left = dropBytes(left, picker.length);
    }
    return { pieces };
  }

  #ask(ranges: readonly Run[], signal: AbortSignal) {
    const { tag } = this.#facts;
    const headers: Record<string, string> = { Range: formatRange(ranges), ...NOT_ENCODED };
    if (tag !== undefined && !this.#connection.isForeign) headers["If-Range"] = tag;
    return { headers, signal };
  }

  /** Picks runs out of the whole file. If it breaks off, it is asked for again. */
  async *#pickWhole(first: Answer | undefined, runs: readonly Run[]): AsyncGenerator<Uint8Array, void, void> {
    this.#onWhole?.();
    const retries = new Retries(this.#connection);
    let left = runs;
    for (let answer = first; left.length > 0;) {
      const picker = new Picker(left);
      try {
        answer ??= await this.#connection.send(this.#facts.url, { headers: NOT_ENCODED });
        if (answer.status !== 200) throw await statusError(answer);
        await checkVersion(answer, this.#facts);
        let offset = 0;
        for await (const chunk of answer.chunks()) {
          yield* picker.take(chunk, offset);
          offset += chunk.length;
          if (picker.isDone) return;
        }
        throw new HttpError("network", answer.url, `Cannot read ${answer.url}: it ended at byte ${offset}`);
      } catch (error) {
        await retries.waitOrThrow(error, true);
      }
      retries.noteProgress(picker.length);
      left = dropBytes(left, picker.length);
      answer = undefined;
    }
  }
}

async function endAll(jobs: readonly Job[]): Promise<void> {
  await Promise.all(jobs.map((job) => job.end()));
}

function isProtocol(error: unknown): boolean {
  return error instanceof HttpError && error.code === "protocol";
}

function shortAnswersError({ url, status }: Answer): HttpError {
  const why = `${MAX_SHORT_ANSWERS + 1} answers had less of a range than was asked for`;
  return new HttpError("protocol", url, `Cannot read ${url}: ${why}`, { status });
}
