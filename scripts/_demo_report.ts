/** The words and figures that the demo prints. */
import type { Traffic } from "./_demo_ways.ts";

/** What there is to tell. */
export interface DemoResult {
  what: string | undefined;
  basis: string;
  target: string;
  basisLength: number;
  targetLength: number;
  ways: readonly { name: string; traffic: Traffic }[];
  sha256: string;
}

/** Makes the report, a few aligned lines. */
export function report({ what, basis, target, basisLength, targetLength, ways, sha256 }: DemoResult): string {
  const lines = [
    ["Basis", `${count(basisLength)} bytes`, basis],
    ["Target", `${count(targetLength)} bytes`, target],
    [],
    row("", "up", "down", "requests", "time", "of a full download"),
    row("Full download", "0", count(targetLength), "1", "", ""),
    ...ways.map(({ name, traffic: { up, down, requests, seconds } }) => {
      return row(name, count(up), count(down), count(requests), time(seconds), share(up + down, targetLength));
    }),
    [],
    ["Verified: each result is equal to the target, byte for byte"],
    [`SHA-256   ${sha256}`],
  ];
  return [...(what ? [what, ""] : []), ...lines.map(align)].join("\n");
}

const NAME_WIDTH = 10;
const FIGURE_WIDTH = 20;

function align([name = "", figure, note]: string[]): string {
  if (figure === undefined) return name;
  return `${name.padEnd(NAME_WIDTH)}${figure.padStart(FIGURE_WIDTH)}${note ? `   ${note}` : ""}`;
}

function row(name: string, up: string, down: string, requests: string, time: string, share: string): string[] {
  const figures = [up.padStart(12), down.padStart(14), requests.padStart(10), time.padStart(9)].join("");
  return [`${name.padEnd(15)}${figures}   ${share}`.trimEnd()];
}

function share(traffic: number, targetLength: number): string {
  return targetLength === 0 ? "" : `${(100 * traffic / targetLength).toFixed(2)} %`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function time(seconds: number): string {
  return seconds < 1 ? `${(1000 * seconds).toFixed(0)} ms` : `${seconds.toFixed(2)} s`;
}
