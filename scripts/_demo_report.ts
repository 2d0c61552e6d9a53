/** The words and figures that the demo prints. */
import type { Step } from "./_demo_steps.ts";
import type { SyncReport } from "./_demo_sync.ts";

/** What there is to tell. */
export interface DemoResult {
  what: string | undefined;
  basis: string;
  target: string;
  basisLength: number;
  targetLength: number;
  sync: SyncReport;
  steps: readonly Step[];
  sha256: string;
}

/** Makes the report, a few aligned lines. */
export function report({ what, basis, target, basisLength, targetLength, sync, steps, sha256 }: DemoResult): string {
  const { bytesUp, bytesDown, delta, seconds } = sync;
  const traffic = bytesUp + bytesDown;
  const lines = [
    ["Basis", `${count(basisLength)} bytes`, basis],
    ["Target", `${count(targetLength)} bytes`, target],
    [],
    ["Up", `${count(bytesUp)} bytes`, "signature"],
    ["Down", `${count(bytesDown)} bytes`, "delta"],
    ["Both", `${count(traffic)} bytes`, compare(traffic, targetLength)],
    ["Time", time(seconds), "for all of it, both sides in one process"],
    [],
    ["Copied", `${count(delta.copiedBytes)} bytes`, "of the target are in the basis"],
    ["New", `${count(delta.literalBytes)} bytes`, "are in the delta"],
    [
      "Matched",
      `${count(delta.goodAlarms)} blocks`,
      `the basis has ${count(delta.sigCount)} of ${count(sync.blockLength)} bytes`,
    ],
    ["False", `${count(delta.falseAlarms)} alarms`, "weak sum known, strong sum not"],
  ];
  if (steps.length > 0) {
    lines.push([], ["Each step by itself, from file to file, hashing by the backend " + sync.backend]);
  }
  for (const { name, seconds, bytes, of } of steps) {
    lines.push([name, time(seconds), `${speed(bytes, seconds)} of ${of}`]);
  }
  if (steps.length === 0) lines.push(["Backend", sync.backend]);
  lines.push([], ["Verified: the result is equal to the target, byte for byte"], [`SHA-256   ${sha256}`]);
  return [...(what ? [what, ""] : []), ...lines.map(align)].join("\n");
}

const NAME_WIDTH = 10;
const FIGURE_WIDTH = 20;

function align([name = "", figure, note]: string[]): string {
  if (figure === undefined) return name;
  return `${name.padEnd(NAME_WIDTH)}${figure.padStart(FIGURE_WIDTH)}${note ? `   ${note}` : ""}`;
}

function compare(traffic: number, targetLength: number): string {
  if (targetLength === 0) return "the target is empty";
  const share = 100 * (1 - traffic / targetLength);
  return share >= 0 ? `${share.toFixed(1)} % less than the target` : "more than the target: nothing to save here";
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function time(seconds: number): string {
  return seconds < 1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(2)} s`;
}

function speed(bytes: number, seconds: number): string {
  return `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`;
}
