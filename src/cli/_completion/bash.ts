import type { OperandKind } from "../_command_spec.ts";
import type { CommandGrammar, Grammar, OptionGrammar } from "./grammar.ts";

/** The script for bash, from 3.2 on. It needs no other. */
export function bashScript(program: string, { commands, options }: Grammar): string {
  const names = commands.map(({ name }) => name);
  const all = commands.flatMap(({ options }) => options);
  const valued = [...new Set(all.filter(({ value }) => value).flatMap(({ names }) => names))];
  return `# Completion of ${program} for bash.
_rsync_streams_offer() {
  local IFS=$'\\n'
  case $1 in
    file) COMPREPLY=($(compgen -f -- "$2")); compopt -o filenames 2>/dev/null ;;
    folder) COMPREPLY=($(compgen -d -- "$2")); compopt -o filenames 2>/dev/null ;;
    words) COMPREPLY=($(IFS=' '; compgen -W "$3" -- "$2")) ;;
  esac
}

_rsync_streams() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= count=0 i word
  COMPREPLY=()
  # "--name=value" arrives as three words.
  if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ \${COMP_WORDS[i+1]} == "=" ]]; then ((i += 2)); continue; fi
    case $word in
      ${valued.join("|")}) ((i++)) ;;
      -?*) ;;
      *) if [[ -z $command ]]; then command=$word; else ((count++)); fi ;;
    esac
  done
  # The start of a name is enough.
  word=$(compgen -W "${names.join(" ")}" -- "$command")
  if [[ -n $command && -n $word && $word != *$'\\n'* ]]; then command=$word; fi
  case $command in
    "")
      if [[ $cur == -* ]]; then
        _rsync_streams_offer words "$cur" "${optionNames(options)}"
      else
        _rsync_streams_offer words "$cur" "${names.join(" ")}"
      fi ;;
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _rsync_streams ${program}
`;
}

function commandCase({ name, options, operandKinds }: CommandGrammar): string {
  const values = options.filter(({ value }) => value).map(({ names, valueKind }) => {
    return `        ${names.join("|")}) ${offer(valueKind)}; return ;;`;
  });
  const last = operandKinds.length - 1;
  const operands = operandKinds.map((kind, i) => `        ${i === last ? "*" : i}) ${offer(kind)} ;;`);
  return `    ${name})
${values.length > 0 ? `      case $prev in\n${values.join("\n")}\n      esac\n` : ""}      if [[ $cur == -?* ]]; then
        _rsync_streams_offer words "$cur" "${optionNames(options)}"
        return
      fi
      case $count in
${operands.join("\n")}
      esac ;;`;
}

function offer(kind: OperandKind): string {
  if (kind === "any") return ":";
  return typeof kind === "string"
    ? `_rsync_streams_offer ${kind} "$cur"`
    : `_rsync_streams_offer words "$cur" "${kind.join(" ")}"`;
}

/** Only what is longer than a letter: a letter is complete. */
function optionNames(options: readonly OptionGrammar[]): string {
  return options.flatMap(({ names }) => names).filter((name) => name.startsWith("--")).join(" ");
}
