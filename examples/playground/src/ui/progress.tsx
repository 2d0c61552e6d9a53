/** How far a job is. */
import { useId } from "preact/hooks";
import { duration, percent, rate } from "../numbers.ts";
import type { JobName } from "../protocol.ts";
import type { JobControl, Step } from "../use_job.ts";
import { Trouble } from "./trouble.tsx";

/** Bars for the steps so far, and a button to cancel. Errors in words. */
export function Progress<K extends JobName>({ job, steps }: { job: JobControl<K>; steps?: readonly string[] }) {
  const names = steps ?? job.steps.map(({ step }) => step);
  const isRunning = job.status === "running";
  return (
    <div class="progress">
      {(isRunning || job.status === "done") && names.map((name) => (
        <Bar
          key={name}
          name={name}
          step={job.steps.find(({ step }) => step === name)}
          isOver={!isRunning || job.steps.at(-1)?.step !== name}
        />
      ))}
      {isRunning && <button type="button" class="cancel" onClick={job.cancel}>Cancel</button>}
      <p role="status" class={job.status === "done" ? "hidden" : ""}>{STATUS_WORDS[job.status]}</p>
      <Trouble message={job.error} />
    </div>
  );
}

const STATUS_WORDS = { idle: "", running: "Working …", done: "Done.", failed: "", cancelled: "Cancelled." } as const;

interface BarProperties {
  name: string;
  /** Undefined if it has not begun. */
  step: Step | undefined;
  isOver: boolean;
}

function Bar({ name, step, isOver }: BarProperties) {
  const id = useId();
  const share = step === undefined ? 0 : isOver ? 1 : step.done / step.total;
  return (
    <div class="bar">
      <span id={id}>{name}</span>
      {Number.isNaN(share)
        ? <progress aria-labelledby={id} />
        : <progress aria-labelledby={id} value={Math.min(1, share)} max={1} />}
      <span class="quiet">{step === undefined ? "waits" : describeStep(step, isOver)}</span>
    </div>
  );
}

/** A rate means something once that many bytes are through. */
const MIN_RATED_LENGTH = 1e6;

function describeStep({ done, total, startedMs, nowMs }: Step, isOver: boolean): string {
  const speed = done / (nowMs - startedMs) * 1000;
  const isRated = done >= MIN_RATED_LENGTH && speed < Infinity;
  const rateText = isRated ? ` at ${rate(speed)}` : "";
  if (isOver) return `done${rateText}`;
  if (Number.isNaN(total)) return "";
  const left = isRated ? `, ${duration((total - done) / speed)} left` : "";
  return `${percent(done / total)}${rateText}${left}`;
}
