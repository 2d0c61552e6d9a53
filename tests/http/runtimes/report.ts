/** The tables of what each client and each server came to: for the terminal and RESULTS.md. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../scripts/npm_tools.ts";
import type { Client } from "./clients.ts";
import { HERE } from "./setup.ts";

/** What came of one client and one server. */
export interface Result {
  server: string;
  cases: number;
  failures: string[];
  counts: Counts;
  /** Milliseconds of each case. */
  ms: Record<string, number>;
}

interface Counts {
  bytesIn?: number;
  requests?: number;
  method?: string;
  coding?: string;
  bytesSent?: number;
  sentCoding?: string;
}

function markdown(head: string[], lines: (string | number)[][]): string {
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

type Cell = (result: Result) => string;

function table(rows: Map<Client, Result[]>, cell: Cell, chosen: (server: string) => boolean = () => true): string {
  const servers = [...new Set([...rows.values()].flat().map(({ server }) => server))].filter(chosen);
  const clients = [...rows.keys()];
  const lines = servers.map((name) => [
    name,
    ...clients.map((client) => {
      const result = rows.get(client)!.find(({ server }) => server === name);
      return result ? cell(result) : "–";
    }),
  ]);
  return markdown(["server", ...clients.map(({ name }) => name)], lines);
}

const passed: Cell = ({ cases, failures }) => `${cases - failures.length} of ${cases}`;
const download: Cell = ({ counts: { bytesIn, requests } }) => requests === undefined ? "–" : `${bytesIn} · ${requests}`;
const codings: Cell = ({ counts: { method, coding, sentCoding } }) => {
  return coding === undefined ? "–" : `${method} · ${coding} · ${sentCoding ?? "–"}`;
};
const isOpen = (server: string) => server.endsWith(", handler");

function report(rows: Map<Client, Result[]>): string {
  return `# Clients and servers

Written by \`deno task test:http\`: the packed npm package on both sides, with one list of cases, [cases.js](cases.js).
Each cell: cases passed. Servers with CORS let pages of other origins read. From those without, a page of another origin
gets a typed error, and nothing else, and so does an upload from it to a closed handler.

${table(rows, passed)}

## A download

A file of about 1 MB of which 8 % are new. Each cell: bytes of all answers, after decompression, and requests.

${table(rows, download)}

## Codings

Each cell: the method that asked for the runs, how their bytes came, and how the delta of an upload went. The bytes were
equal, so each runtime has decoded what it was sent.

${table(rows, codings, isOpen)}
`;
}

/** The tables for the terminal. */
export function summary(rows: Map<Client, Result[]>): string {
  return `${table(rows, passed)}\n\n${table(rows, codings, isOpen)}`;
}

/** Writes the report. */
export function writeReport(rows: Map<Client, Result[]>): void {
  const file = join(HERE, "RESULTS.md");
  writeFileSync(file, report(rows));
  run(Deno.execPath(), ["fmt", "--quiet", file]);
}
