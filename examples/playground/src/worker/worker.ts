/** Runs the jobs of the page, so that the page stays quick. It sends nothing anywhere but for jobs with a URL. */
import type { JobName, Jobs, Reply, Request, Results } from "../protocol.ts";
import { compare } from "./compare.ts";
import type { Context } from "./context.ts";
import { inspect, transcode } from "./inspect.ts";
import { makeDelta, patch, recommend, runPair } from "./pair.ts";
import { Slot } from "./store.ts";
import { plan, update } from "./update.ts";

const WORK: { [K in JobName]: (job: Jobs[K], context: Context) => Promise<Results[K]> } = {
  pair: runPair,
  compare,
  recommend,
  plan,
  update,
  inspect,
  delta: makeDelta,
  patch: (job, context) => context.slot.keep("patched", patch(job, context), context.signal),
  transcode,
};

const stops = new Map<number, AbortController>();

self.onmessage = ({ data }: MessageEvent<Request>) => {
  if (data.type === "cancel") stops.get(data.id)?.abort(new DOMException("It was cancelled", "AbortError"));
  else start(data);
};

async function start({ id, slot, name, job }: Request & { type: "start" }): Promise<void> {
  const stop = new AbortController();
  stops.set(id, stop);
  const report: Context["report"] = (progress) => reply({ type: "progress", id, progress });
  try {
    await Slot.clear(slot, id);
    const work = WORK[name] as (job: Jobs[JobName], context: Context) => Promise<Results[JobName]>;
    const result = await work(job, { slot: new Slot(slot, id), signal: stop.signal, report });
    reply({ type: "result", id, result });
  } catch (error) {
    reply({ type: "error", id, message: inWords(error) });
  } finally {
    stops.delete(id);
  }
}

function reply(message: Reply): void {
  self.postMessage(message);
}

/** What went wrong. The library says it in words; the browser often gives no more than a name. */
function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  switch (error.name) {
    case "NotReadableError":
    case "NotFoundError":
      return "The file cannot be read: it was changed, moved or removed after it was chosen. Choose it again";
    case "QuotaExceededError":
      return "The browser has no room left to keep the result: free some space, or try smaller files";
    default:
      return error.message || error.name;
  }
}
