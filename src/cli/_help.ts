import type { CommandSpec, Dialect, OptionSpec } from "./_command_spec.ts";
import {
  CONVENTIONS,
  EXIT_CODES,
  OVER_HTTP,
  PERMISSIONS,
  PURPOSE,
  STANDARD_STREAMS,
  STEPS,
  VARIABLES,
} from "./_manual.ts";
import type { Style } from "./_style.ts";
import { paragraphsOf, wrap } from "./_text.ts";
import { VERSION } from "./version.ts";

/** Columns of a terminal. */
const WIDTH = 80;
const OPTION_WIDTH = 26;
const NAME_WIDTH = 12;

/** What `--help` prints: the help of one command, or of all. Its lines have at most 80 columns. */
export function helpText(command: CommandSpec | undefined, dialect: Dialect, style: Style): string {
  if (dialect.isRdiff) return rdiffHelp(dialect);
  const sections = command ? commandHelp(command, dialect, style) : generalHelp(dialect, style);
  return sections.join("\n\n") + "\n";
}

/** What `--version` prints. */
export function versionText({ name, isRdiff }: Dialect): string {
  const what = isRdiff ? `${name} (rsync-streams ${VERSION})` : `${name} ${VERSION}`;
  return `${what}
Works in place of rdiff: reads and writes files of librsync 0.9 to 2.3, and its
own formats.
`;
}

/** An option as help names it: `-b, --block-size BYTES`, or `--[no-]progress`. */
export function optionTitle({ name, short, value, isSwitch }: OptionSpec): string {
  const long = `--${isSwitch ? "[no-]" : ""}${name}${value ? ` ${value}` : ""}`;
  return short ? `-${short}, ${long}` : long;
}

function generalHelp({ name: program, commands }: Dialect, { bold }: Style): string[] {
  const all: [string, string][] = commands.map(({ name, summary }) => [name, summary]);
  all.push(["help", "describe a command and its options: help COMMAND"]);
  const steps = STEPS.map(([where, line, next]) => `  ${where.padEnd(6)} ${line.padEnd(48)} ${next}`.trimEnd());
  return [
    `${bold("Usage:")} ${program} COMMAND [OPTIONS] FILES`,
    paragraph(PURPOSE),
    section(bold("Commands:"), all.flatMap(([name, help]) => entry(name, help, NAME_WIDTH))),
    section(bold("Here is old.iso, there is new.iso:"), steps),
    paragraph(OVER_HTTP),
    ...CONVENTIONS.map(paragraph),
    section(bold("Least permissions:"), PERMISSIONS.flatMap((text) => indented(text))),
    section(bold("Environment:"), VARIABLES.flatMap(([name, meaning]) => entry(name, meaning, NAME_WIDTH))),
    section(bold("Exit codes:"), exitCodes(EXIT_CODES)),
  ];
}

function rdiffHelp({ name: program, commands }: Dialect): string {
  const usage = commands.map(({ name, usage }) => `${program} [OPTIONS] ${name} ${usage}`);
  const options = new Map(commands.flatMap(({ options }) => options).map((spec) => [spec.name, spec]));
  return [
    `Usage: ${usage.join("\n       ")}`,
    paragraph(
      `${STANDARD_STREAMS} Options may stand anywhere. This is rsync-streams in place of rdiff. ` +
        '"rsync-streams --help" describes what else it can do.',
    ),
    section("Options:", [...options.values()].flatMap(optionLines)),
    section("Exit codes:", exitCodes(EXIT_CODES.filter(([, , isOwn]) => !isOwn))),
  ].join("\n\n") + "\n";
}

function commandHelp(command: CommandSpec, { name: program }: Dialect, { bold }: Style): string[] {
  const { name, usage, details, examples, options, needsNames = false } = command;
  return [
    `${bold("Usage:")} ${program} ${name} [OPTIONS] ${usage}`,
    ...paragraphsOf(details).map(paragraph),
    ...(needsNames ? [] : [STANDARD_STREAMS]),
    section(bold("Examples:"), examples.map((example) => `  ${example}`)),
    section(bold("Options:"), options.flatMap(optionLines)),
  ];
}

function optionLines(spec: OptionSpec): string[] {
  return entry(`${spec.short ? "" : "    "}${optionTitle(spec)}`, spec.help, OPTION_WIDTH);
}

function exitCodes(codes: typeof EXIT_CODES): string[] {
  return codes.flatMap(([code, meaning]) => entry(String(code), meaning, 5));
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines].join("\n");
}

function paragraph(text: string): string {
  return wrap(text, WIDTH).join("\n");
}

function indented(text: string): string[] {
  return wrap(text, WIDTH - 2).map((line) => `  ${line}`);
}

/** A name, and what it means beside it, or below it if the name is long. */
function entry(name: string, help: string, width: number): string[] {
  const lines = wrap(help, WIDTH - width - 3);
  if (name.length > width) return [`  ${name}`, ...lines.map((line) => `  ${"".padEnd(width)} ${line}`)];
  return lines.map((line, i) => `  ${(i === 0 ? name : "").padEnd(width)} ${line}`);
}
