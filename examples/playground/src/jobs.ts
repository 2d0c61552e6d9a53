/** Starts jobs in the worker. */
import type { JobName, Jobs, Reply, Request, Results, StepProgress } from "./protocol.ts";

/** A job under way. */
export interface RunningJob<K extends JobName> {
  result: Promise<Results[K]>;
  /** Rejects the result at once. The worker follows within some 50 ms. */
  cancel(): void;
}

interface Waiting {
  resolve(result: Results[JobName]): void;
  reject(error: Error): void;
  onProgress(progress: StepProgress): void;
}

const worker = new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module" });
worker.onmessage = ({ data }: MessageEvent<Reply>) => take(data);
worker.onerror = ({ message }) => failAll(message || "The worker cannot be loaded");

const waiting = new Map<number, Waiting>();
let lastId = 0;

/**
 * Starts a job.
 *
 * @param slot Which part of the page it belongs to. What earlier jobs of that slot made is removed.
 */
export function startJob<K extends JobName>(
  slot: string,
  name: K,
  job: Jobs[K],
  onProgress: (progress: StepProgress) => void = () => {},
): RunningJob<K> {
  const id = ++lastId;
  const result = new Promise<Results[JobName]>((resolve, reject) => waiting.set(id, { resolve, reject, onProgress }));
  const send = (request: Request) => worker.postMessage(request);
  send({ type: "start", id, slot, name, job } as Request);
  return {
    result: result as Promise<Results[K]>,
    cancel() {
      send({ type: "cancel", id });
      waiting.get(id)?.reject(new DOMException("It was cancelled", "AbortError"));
      waiting.delete(id);
    },
  };
}

function take(reply: Reply): void {
  const job = waiting.get(reply.id);
  if (reply.type === "progress") return job?.onProgress(reply.progress);
  waiting.delete(reply.id);
  if (reply.type === "result") job?.resolve(reply.result);
  else job?.reject(new Error(reply.message));
}

function failAll(message: string): void {
  for (const { reject } of waiting.values()) reject(new Error(message));
  waiting.clear();
}
