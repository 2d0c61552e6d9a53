/** Lets the client update from a host, and compares what comes out with what the case expects. */
import assert from "node:assert/strict";
import { RsyncError } from "rsync-streams";
import { fetchUpdate, HttpError, type Update, type UpdateOptions } from "rsync-streams/http";
import { assertBytes } from "../_helpers.ts";
import type { Expected, HostCase, Running } from "./_hosts/case.ts";
import type { Bytes, Host } from "./_hosts/host.ts";
import { FILE, type Published, published } from "./_hosts/published.ts";
import { serve } from "./_hosts/serve.ts";

/** The most requests at once. A host that needs long for each would be flooded by more. */
const MAX_AT_ONCE = 8;
/** An update that takes longer hangs. */
const MAX_UPDATE_MS = 60_000;

/** What came out: bytes or an error. */
export interface Outcome {
  readonly bytes?: Bytes;
  readonly error?: unknown;
  readonly update?: Update;
}

/** Updates to the end, or to the first error. */
export async function updateFrom(host: Host, basis: Bytes, options: UpdateOptions = {}): Promise<Outcome> {
  const copy = basis.slice();
  const outcome = await beforeLong(attempt(new URL(FILE, host.url), copy, options));
  assertBytes(copy, basis, "the basis and what it was");
  return outcome;
}

async function attempt(url: URL, basis: Bytes, options: UpdateOptions): Promise<Outcome> {
  try {
    const update = await fetchUpdate(url, basis, options);
    return { update, bytes: await new Response(update.readable).bytes() };
  } catch (error) {
    return { error };
  }
}

async function beforeLong<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The update did not end within ${MAX_UPDATE_MS} ms`)), MAX_UPDATE_MS);
  });
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Expects one of these files, or an error of the client. */
export function checkOutcome({ bytes, error, update }: Outcome, results: readonly Bytes[], expected: Expected): void {
  if (!bytes) {
    if (!(error instanceof HttpError || error instanceof RsyncError)) throw error;
    if (expected.result === "file") throw error;
    const codes: readonly string[] = expected.codes ?? [];
    const text = `${error.name} ${error.code}: ${error.message}`;
    assert.ok(codes.includes(error.code), `${text}, one of ${codes.join(", ")} was expected`);
    return;
  }
  const result = results.find(({ length }) => length === bytes.length) ?? results[0]!;
  if (!results.some((result) => isEqual(result, bytes))) assertBytes(bytes, result, "what came and the file");
  assert.notEqual(expected.result, "error", "an error was expected, the file came");
  const { plan, stats } = update!;
  if (expected.way !== undefined) assert.equal(plan.way, expected.way);
  const fallback = stats.fallback ?? "none";
  const fallbacks: readonly string[] = expected.fallback ?? [fallback];
  assert.ok(fallbacks.includes(fallback), `fallback "${fallback}", one of ${fallbacks.join(", ")} was expected`);
  if (expected.isVerified !== undefined) assert.equal(stats.isVerified, expected.isVerified);
}

/** Expects a host to have seen no more requests than that, and no body without end. */
export function checkRequests({ log }: Host, most: number): void {
  assert.equal(log.isExceeded, false, `the client has no bound: ${log.requests.length} requests, ${log.bytes} bytes`);
  assert.ok(log.peak <= MAX_AT_ONCE, `${log.peak} requests at once, ${MAX_AT_ONCE} were expected at most`);
  assert.ok(log.requests.length <= most, `${log.requests.length} requests, ${most} were expected at most`);
}

/** Runs a case. */
export async function runCase(hostCase: HostCase): Promise<void> {
  const { size = "edited", makeFetch, timeoutMs, expected } = hostCase;
  const update: Published = await published(size);
  const running: Running = await hostCase.make(update);
  await using host = await serve(running);
  const options = {
    ...(makeFetch && { fetch: makeFetch() }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
  const outcome = await updateFrom(host, update.basis, Object.freeze(options));
  checkOutcome(outcome, running.results ?? [update.file.bytes], expected);
  checkRequests(host, expected.requests);
}

function isEqual(a: Bytes, b: Bytes): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
