import type { OperandKind } from "../_command_spec.ts";
import type { CommandGrammar, Grammar, OptionGrammar } from "./grammar.ts";

/** The script for zsh: for `eval` after compinit, or as the file `_rsync-streams` in a folder of `fpath`. */
export function zshScript(program: string, { commands, options }: Grammar): string {
  return `#compdef ${program}
# Completion of ${program} for zsh.
_rsync_streams() {
  local curcontext=$curcontext state
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join("\n")}
  )
  _arguments -C -S \\
${options.map((option) => `    ${optionSpec(option)} \\\n`).join("")}    '1: :->command' '*:: :->operands' && return
  case $state in
    command) _describe -t commands command commands ;;
    operands)
      # The start of a name is enough.
      local -a meant=(\${\${(M)commands:#$words[1]*}%%:*})
      case "$meant" in
${commands.map(commandCase).join("\n")}
      esac ;;
  esac
}
if [[ $funcstack[1] == _${program} ]]; then _rsync_streams "$@"; else compdef _rsync_streams ${program}; fi
`;
}

function commandCase({ name, options, operandKinds }: CommandGrammar): string {
  const last = operandKinds.length - 1;
  const operands = operandKinds.map((kind, i) => quote(`${i === last ? "*" : i + 1}:${label(kind)}:${action(kind)}`));
  const lines = [...options.map(optionSpec), ...operands].map((line) => `          ${line}`);
  return `        ${name})\n          _arguments -s -S \\\n${lines.join(" \\\n")} ;;`;
}

/** All names of an option exclude each other. `{a,b}` stands for one spec of each. */
function optionSpec({ names, help, value, valueKind }: OptionGrammar): string {
  const forms = names.map((name) => !value ? name : name.startsWith("--") ? `${name}=` : `${name}+`);
  const text = `[${help.replace(/[[\]\\:]/g, "\\$&")}]`;
  const tail = quote(value ? `${text}:${value}:${action(valueKind)}` : text);
  const excluded = quote(`(${names.join(" ")})`);
  return forms.length === 1 ? `${quote(forms[0]!)}${tail}` : `${excluded}{${forms.join(",")}}${tail}`;
}

function label(kind: OperandKind): string {
  return typeof kind === "string" ? kind : "word";
}

function action(kind: OperandKind): string {
  switch (kind) {
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    case "any":
      return " ";
    default:
      return `(${kind.join(" ")})`;
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
