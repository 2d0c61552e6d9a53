/**
 * The cases that have to pass in each runtime against each server: plain JavaScript that needs nothing but the platform
 * and the package. A runner calls `runCases` with what is served where, and passes on its result.
 */
import { fetchUpdate, planUpdate, sendUpdate } from "rsync-streams/http";
import { BASIS, equals, longUpload, OTHER_NAME, TARGET, TARGET_NAME } from "./files.js";

/** Longest time of a case. */
const TIMEOUT_MS = 240_000;
/** The most that an update of the target may take. */
const MAX_REQUESTS = 40;
const MAX_SHARE = 0.25;

/** Past the cache of a browser. workerd of some years ago throws for the option. */
const NO_STORE = "cache" in Request.prototype ? { cache: "no-store" } : {};

function assert(holds, message) {
  if (!holds) throw new Error(message);
}

function assertEqual(actual, expected, what) {
  assert(Object.is(actual, expected), `${what} is ${String(actual)}, expected was ${String(expected)}`);
}

function assertBytes(actual, expected) {
  assertEqual(actual.length, expected.length, "length");
  assert(equals(actual, expected), "bytes differ");
}

/** Reads a stream. `Response` would replace its error by another one in Chromium. */
async function toBytes(readable) {
  const reader = readable.getReader();
  const chunks = [];
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** What a promise is rejected with. */
async function rejection(promise) {
  const { reason } = await promise.then(() => ({}), (reason) => ({ reason }));
  assert(reason !== undefined, "a failure was expected, and it ended well");
  return reason;
}

/** What a case is told: where the server is, who the client is, and where counts go. */
class Job {
  constructor({ url, name, kind, cors, takesLong }, { client, isForeign }, counts) {
    Object.assign(this, { name, kind, cors, takesLong, client, isForeign, counts });
    this.base = new URL(url);
  }

  /** The URL of a file. The query tells the server's log who asks. */
  url(path) {
    const url = new URL(path, this.base);
    url.searchParams.set("client", this.client);
    return url;
  }

  /** A path that no other client writes to, also through another server of the same folder. */
  upload(name) {
    return this.url(`up/${this.base.port}/${this.kind}/${this.client.replace(/\W+/g, "_")}/${name}`);
  }

  /** What the server noted of this client since the last call. */
  async takeLog() {
    return await (await fetch(this.url("/log"), NO_STORE)).json();
  }

  get isHandler() {
    return this.kind !== "static";
  }

  get isHidden() {
    return this.isForeign && !this.cors;
  }
}

// ---- the cases

async function plan(job) {
  const plan = await planUpdate(job.url(TARGET_NAME), BASIS);
  assertEqual(plan.way, job.isHandler ? "runs" : "ranges", "way");
  assertEqual(plan.fileLength, TARGET.length, "fileLength");
  assertEqual(plan.copiedLength + plan.missingLength, TARGET.length, "copied and missing bytes");
  assert(plan.missingLength < TARGET.length * MAX_SHARE, `${plan.missingLength} bytes are missing`);
  assert(plan.requests <= MAX_REQUESTS, `${plan.requests} requests`);
}

async function update(job) {
  if (job.isHandler) await job.takeLog();
  const { readable, plan, stats } = await fetchUpdate(job.url(TARGET_NAME), BASIS);
  assertBytes(await toBytes(readable), TARGET);
  assertEqual(stats.isVerified, true, "isVerified");
  assertEqual(stats.fallback, undefined, "fallback");
  assertEqual(stats.bytesOut, TARGET.length, "bytesOut");
  assertEqual(plan.way, job.isHandler ? "runs" : "ranges", "way");
  assert(stats.bytesIn < TARGET.length * MAX_SHARE, `${stats.bytesIn} bytes came`);
  assert(stats.requests <= MAX_REQUESTS, `${stats.requests} requests`);
  assertEqual(stats.retries, 0, "retries");
  const { bytesIn, requests } = stats;
  Object.assign(job.counts, { bytesIn, requests });
  if (!job.isHandler) return;
  // The bytes are equal, so what was encoded was decoded.
  const answers = (await job.takeLog()).filter(({ method, status }) => /QUERY|POST/.test(method) && status === 200);
  const last = answers.at(-1);
  assert(last, "no list of runs was answered");
  assert(last.coding !== null, `the runs came without compression, though ${last.accepted} was accepted`);
  Object.assign(job.counts, { method: last.method, coding: last.coding, accepted: last.accepted });
}

async function whole(job) {
  const { readable, plan, stats } = await fetchUpdate(job.url(TARGET_NAME), undefined);
  assertBytes(await toBytes(readable), TARGET);
  assertEqual(plan.way, "full", "way");
  assertEqual(stats.fallback, "no-basis", "fallback");
  assertEqual(stats.isVerified, true, "isVerified");
}

async function noSignature(job) {
  const { readable, stats } = await fetchUpdate(job.url(TARGET_NAME), BASIS, { sigUrl: job.url("nothing.rsig") });
  assertBytes(await toBytes(readable), TARGET);
  assertEqual(stats.fallback, "no-signature", "fallback");
}

async function noFile(job) {
  const { code, status } = await rejection(fetchAll(job.url("nothing"), BASIS));
  assertEqual(code, "status", "code");
  assertEqual(status, 404, "status");
}

async function fetchAll(url, basis, options) {
  const { readable } = await fetchUpdate(url, basis, options);
  return await toBytes(readable);
}

async function wrongDigest(job) {
  // The signature is that of a file of the same length, so the server's file is not what its signature says.
  const error = await rejection(fetchAll(job.url(TARGET_NAME), BASIS, { sigUrl: job.url(`${OTHER_NAME}.rsig`) }));
  assertEqual(error.code, "digest-mismatch", `code of ${error}`);
}

async function abortDownload(job) {
  const reason = new Error("enough");
  const aborter = new AbortController();
  const { readable } = await fetchUpdate(job.url("long.bin"), undefined, { signal: aborter.signal });
  const reader = readable.getReader();
  assert((await reader.read()).value.length > 0, "no byte came");
  aborter.abort(reason);
  const read = async () => {
    while (!(await reader.read()).done);
  };
  assertEqual(await rejection(read()), reason, "reason");
  assertEqual(await rejection(fetchUpdate(job.url("long.bin"), BASIS, { signal: aborter.signal })), reason, "reason");
}

async function abortPlan(job) {
  const reason = new Error("enough");
  const aborter = new AbortController();
  const planned = planUpdate(job.url(TARGET_NAME), BASIS, { signal: aborter.signal });
  setTimeout(() => aborter.abort(reason), 1);
  const error = await planned.then(() => reason, (error) => error);
  assertEqual(error, reason, "reason");
}

async function upload(job) {
  const url = job.upload("file.txt");
  await job.takeLog();
  const created = await sendUpdate(url, BASIS);
  assertEqual(created.status, "created", "status");
  const updated = await sendUpdate(url, TARGET);
  assertEqual(updated.status, "updated", "status");
  assert(updated.stats.bytesSent < TARGET.length * MAX_SHARE / 2, `${updated.stats.bytesSent} bytes were sent`);
  assert(updated.entityTag !== undefined && updated.entityTag !== created.entityTag, `tag ${updated.entityTag}`);
  const unchanged = await sendUpdate(url, TARGET);
  assertEqual(unchanged.status, "unchanged", "status");
  assertBytes(await fetchAll(url, BASIS), TARGET);
  const sent = (await job.takeLog()).filter(({ method }) => method === "PATCH");
  assertEqual(sent.map(({ status }) => status).join(), "201,204", "statuses");
  assert(sent.every(({ sentCoding }) => sentCoding !== null), "the delta went without compression");
  Object.assign(job.counts, { bytesSent: updated.stats.bytesSent, sentCoding: sent[1].sentCoding });
}

async function uploadLong(job) {
  const url = job.upload("long.bin");
  const long = longUpload();
  const { status, stats } = await sendUpdate(url, long);
  assertEqual(status, "created", "status");
  assert(stats.bytesSent >= long.size, `${stats.bytesSent} bytes were sent`);
  const head = () => fetch(url, { method: "HEAD", ...NO_STORE });
  // A connection that is kept alive may be closed by the server just then.
  const { headers } = await head().catch(head);
  assertEqual(headers.get("Content-Length"), String(long.size), "length");
}

async function abortUpload(job) {
  const url = job.upload("aborted.bin");
  const reason = new Error("enough");
  const aborter = new AbortController();
  const { signal } = aborter;
  const onProgress = ({ bytesSent }) => bytesSent > 0 && aborter.abort(reason);
  assertEqual(await rejection(sendUpdate(url, TARGET, { signal, onProgress })), reason, "reason");
  assertEqual((await rejection(fetchAll(url, undefined))).status, 404, "status");
}

async function refusedUpload(job) {
  const { code } = await rejection(sendUpdate(job.upload("file.txt"), TARGET));
  assertEqual(code, "network", "code");
}

async function hidden(job) {
  const url = job.url(TARGET_NAME);
  for (const promise of [planUpdate(url, BASIS), fetchAll(url, BASIS), fetchAll(url, undefined)]) {
    const { code } = await rejection(promise);
    assertEqual(code, "network", "code");
  }
}

/** The cases of a server. */
function casesOf(job) {
  if (job.isHidden) return { hidden };
  const reading = { plan, update, whole, noSignature, noFile, wrongDigest, abortDownload, abortPlan };
  if (!job.isHandler) return reading;
  if (job.kind === "closed") return job.isForeign ? { update, refusedUpload } : { update, upload };
  return { ...reading, upload, abortUpload, ...(job.takesLong && { uploadLong }) };
}

async function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs all cases against some servers.
 *
 * @param options `servers`: what is served where. `client`: its name. `isForeign`: whether it is a page of another
 * origin.
 */
export async function runCases({ servers, ...client }) {
  const results = [];
  for (const server of servers) {
    const result = { server: server.name, cases: 0, failures: [], counts: {}, ms: {} };
    const job = new Job(server, client, result.counts);
    for (const [name, run] of Object.entries(casesOf(job))) {
      result.cases++;
      const start = performance.now();
      try {
        await inTime(run(job));
        result.ms[name] = Math.round(performance.now() - start);
      } catch (error) {
        const causes = [];
        for (let one = error; one; one = one.cause) causes.push(one.stack?.split("\n", 4).join(" ") ?? String(one));
        result.failures.push(`${name}: ${causes.join(" < ").slice(0, 1200)}`);
      }
    }
    results.push(result);
  }
  return results;
}
