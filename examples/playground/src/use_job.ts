/** A job as the state of a component. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type RunningJob, startJob } from "./jobs.ts";
import type { JobName, Jobs, Results, StepProgress } from "./protocol.ts";

/** How far a step is, and since when. */
export interface Step extends StepProgress {
  startedMs: number;
  nowMs: number;
}

/** Where a job stands. */
export interface JobState<K extends JobName> {
  status: "idle" | "running" | "done" | "failed" | "cancelled";
  steps: readonly Step[];
  /** The result, and what it is the result of. While a job runs, those of the one before. */
  result: Results[K] | undefined;
  input: Jobs[K] | undefined;
  error: string | undefined;
}

/**
 * A job that a component runs, again and again. An effect that starts or resets it is a layout effect: other effects
 * come late on a busy machine, and would undo what the user chose meanwhile.
 */
export interface JobControl<K extends JobName> extends JobState<K> {
  start(job: Jobs[K]): void;
  cancel(): void;
  /** Forgets result and error. */
  reset(): void;
}

const IDLE = { status: "idle", steps: [], result: undefined, input: undefined, error: undefined } as const;

/** Runs jobs of one name, one at a time: a new one cancels the one before. */
export function useJob<K extends JobName>(slot: string, name: K): JobControl<K> {
  const [state, setState] = useState<JobState<K>>(IDLE);
  const running = useRef<RunningJob<K>>(undefined);

  const stop = useCallback(() => {
    running.current?.cancel();
    running.current = undefined;
  }, []);

  const start = useCallback((job: Jobs[K]) => {
    stop();
    setState((old) => ({ ...old, status: "running", steps: [], error: undefined }));
    const onProgress = (progress: StepProgress) => {
      if (running.current === mine) setState((old) => ({ ...old, steps: withProgress(old.steps, progress) }));
    };
    const mine = startJob(slot, name, job, onProgress);
    running.current = mine;
    const end = (change: Partial<JobState<K>>) => {
      if (running.current === mine) setState((old) => ({ ...old, ...change }));
    };
    mine.result.then(
      (result) => end({ status: "done", result, input: job }),
      (error: Error) => end({ status: "failed", result: undefined, input: undefined, error: error.message }),
    );
  }, [slot, name]);

  const cancel = useCallback(() => {
    stop();
    setState({ ...IDLE, status: "cancelled" });
  }, []);

  const reset = useCallback(() => {
    stop();
    setState(IDLE);
  }, []);

  useEffect(() => stop, []);
  return { ...state, start, cancel, reset };
}

/** Steps follow each other: what is reported is the last, or a new one. */
function withProgress(steps: readonly Step[], progress: StepProgress): readonly Step[] {
  const nowMs = performance.now();
  const last = steps.at(-1);
  if (last?.step !== progress.step) return [...steps, { ...progress, startedMs: nowMs, nowMs }];
  return [...steps.slice(0, -1), { ...progress, startedMs: last.startedMs, nowMs }];
}
