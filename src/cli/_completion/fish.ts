import type { OperandKind } from "../_command_spec.ts";
import type { CommandGrammar, Grammar, OptionGrammar } from "./grammar.ts";

/** The script for fish. */
export function fishScript(program: string, { commands, options }: Grammar): string {
  const start = `complete -c ${program}`;
  const first = "-n __fish_use_subcommand";
  return [
    `# Completion of ${program} for fish.`,
    // The start of a name is enough.
    "function __rsync_streams_is",
    "  for word in (commandline -opc)[2..-1]",
    `    set -l names (string match -- "$word*" ${commands.map(({ name }) => name).join(" ")})`,
    '    if test -n "$names"; test "$names" = "$argv"; return; end',
    "  end",
    "  return 1",
    "end",
    // Files are offered by the commands that take them.
    `${start} -f`,
    ...options.map((option) => `${start} ${first} ${optionFlags(option)}`),
    ...commands.map(({ name, summary }) => `${start} ${first} -a ${name} -d ${quote(summary)}`),
    ...commands.flatMap((command) => commandLines(start, command)),
    "",
  ].join("\n");
}

function commandLines(start: string, { name, options, operandKinds }: CommandGrammar): string[] {
  const within = `${start} -n ${quote(`__rsync_streams_is ${name}`)}`;
  return [
    ...options.map((option) => `${within} ${optionFlags(option)}`),
    ...[...new Set(operandKinds.map(operandFlags))].filter(Boolean).map((flags) => `${within} ${flags}`),
  ];
}

function optionFlags({ names, help, value, valueKind }: OptionGrammar): string {
  const flags = names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${quoteIfNeeded(name.slice(1))}`
  );
  const takes = !value ? "" : valueKind === "file" ? " -r -F" : ` -x ${operandFlags(valueKind)}`.trimEnd();
  return `${flags.join(" ")}${takes} -d ${quote(help)}`;
}

function operandFlags(kind: OperandKind): string {
  switch (kind) {
    case "file":
      return "-F";
    case "folder":
      return "-a '(__fish_complete_directories)'";
    case "any":
      return "";
    default:
      return `-a ${quote(kind.join(" "))}`;
  }
}

/** `?` matches files. */
function quoteIfNeeded(letter: string): string {
  return /\w/.test(letter) ? letter : quote(letter);
}

function quote(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
