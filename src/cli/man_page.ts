/** The man page of the command, made from the specs of its commands. */
import type { CommandSpec, OptionSpec } from "./_command_spec.ts";
import { COMMANDS } from "./_command_list.ts";
import { optionTitle } from "./_help.ts";
import { CONVENTIONS, EXIT_CODES, OVER_HTTP, PERMISSIONS, PURPOSE, STEPS, VARIABLES } from "./_manual.ts";
import { RDIFF } from "./_shared_options.ts";
import { paragraphsOf } from "./_text.ts";
import { VERSION } from "./version.ts";

const NAME = "rsync-streams";
/** The section of programs. */
const SECTION = 1;

/** The name of the file. */
export const MAN_FILE = `${NAME}.${SECTION}`;

/** The man page `rsync-streams(1)`, as input of groff or mandoc. */
export function manPage(): string {
  return [
    `.TH ${NAME.toUpperCase().replace("-", "\\-")} ${SECTION} "" "${NAME} ${VERSION}" "User Commands"`,
    ".nh",
    ".ad l",
    ".SH NAME",
    escape(`${NAME} - update a file from a newer one elsewhere, where only what changed crosses the wire`),
    ".SH SYNOPSIS",
    ...COMMANDS.flatMap(synopsis),
    ".SH DESCRIPTION",
    escape(PURPOSE),
    ...paragraph("Here is old.iso, there is new.iso:"),
    ...example(STEPS.map(([where, line, next]) => `${where.padEnd(6)} ${line.padEnd(48)} ${next}`.trimEnd())),
    ...[OVER_HTTP, ...CONVENTIONS].flatMap(paragraph),
    ".SH COMMANDS",
    ...COMMANDS.flatMap(commandSection),
    // Macros for paragraphs are left out after titles.
    ".SH OPTIONS OF ALL COMMANDS",
    ...tagged(`.BR \\-\\-${RDIFF.name}`, RDIFF.help),
    ".SH ENVIRONMENT",
    ...VARIABLES.flatMap(([name, meaning]) => tagged(`.B ${name}`, meaning)),
    ".SH EXIT STATUS",
    ...EXIT_CODES.flatMap(([code, meaning]) => tagged(`.B ${code}`, meaning)),
    ".SH PERMISSIONS",
    ...PERMISSIONS.flatMap(paragraph).slice(1),
    ".SH SEE ALSO",
    ".BR rdiff (1),",
    ".BR rsync (1)",
    "",
  ].join("\n");
}

function synopsis({ name, usage }: CommandSpec, index: number): string[] {
  return [...(index > 0 ? [".br"] : []), `.B ${escape(`${NAME} ${name}`)}`, escape(`[OPTIONS] ${usage}`)];
}

function commandSection({ name, usage, details, examples, options }: CommandSpec): string[] {
  return [
    `.SS "${escape(`${name} [OPTIONS] ${usage}`)}"`,
    ...paragraphsOf(details).flatMap(paragraph).slice(1),
    ...example(examples),
    ...options.flatMap((option) => tagged(`.B ${title(option)}`, option.help)),
  ];
}

/** The names in bold, the value in italics. */
function title(spec: OptionSpec): string {
  const { value } = spec;
  const names = escape(optionTitle({ ...spec, value: "" } as OptionSpec));
  return value ? `${names} \\fI${escape(value)}\\fR` : names;
}

function tagged(tag: string, text: string): string[] {
  return [".TP", tag, escape(text)];
}

function paragraph(text: string): string[] {
  return [".PP", escape(text)];
}

/** Lines that are not filled. */
function example(lines: readonly string[]): string[] {
  return [".PP", ".RS 4", ".nf", ...lines.map(escape), ".fi", ".RE"];
}

/** A text in which no character is a command. A hyphen is one that can be copied into a shell. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll('"', "\\(dq").replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga").replaceAll("^", "\\(ha").replaceAll("~", "\\(ti").replace(/^\./, "\\&.");
}
