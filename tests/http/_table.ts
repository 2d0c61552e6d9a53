/** The table of cases in README.md. */
import type { Expected, HostCase } from "./_hosts/case.ts";

const START = "<!-- cases -->";
const END = "<!-- end of cases -->";
const HEAD = ["case", "in the field", "what comes out", "requests at most"];

/** What comes out, in words. */
function describe({ result, codes = [], way, fallback = [], isVerified }: Expected): string {
  const list = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(", ");
  const error = `an error: ${list(codes)}`;
  if (result === "error") return error;
  const reasons = list(fallback.filter((reason) => reason !== "none"));
  const ways = way === "ranges" || fallback.includes("none") ? ["by ranges"] : [];
  if (reasons) ways.push(`by a full download (${reasons})`);
  const file = `the file${isVerified ? ", verified," : ""} ${ways.join(" or ")}`.trim();
  return result === "file" ? file : `${file}; or ${error}`;
}

const rowOf = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;

/** The table, a line for each case. */
export function tableOf(cases: readonly HostCase[]): string[] {
  const rows = cases.map(({ name, who, expected }) => rowOf([name, who, describe(expected), expected.requests]));
  return [rowOf(HEAD), ...rows];
}

/** The lines of the table in a text, without the spaces that align it and the line under the head. */
export function tableIn(text: string): string[] {
  const lines = text.slice(text.indexOf(START) + START.length, text.indexOf(END)).trim().split("\n");
  return lines.map((line) => line.replaceAll(/ +/g, " ")).filter((line) => !line.startsWith("| -"));
}

/** A text with another table. The formatter aligns it. */
export function withTable(text: string, cases: readonly HostCase[]): string {
  const [head, ...rows] = tableOf(cases);
  const table = [head, rowOf(HEAD.map(() => "---")), ...rows].join("\n");
  return `${text.slice(0, text.indexOf(START))}${START}\n\n${table}\n\n${text.slice(text.indexOf(END))}`;
}
