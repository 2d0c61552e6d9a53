import type { CommandSpec, OperandKind, OptionSpec } from "../_command_spec.ts";
import { HELP, RDIFF, VERSION } from "../_shared_options.ts";
import { namesOf } from "../_tokens.ts";

/** A command as completion sees it. */
export interface CommandGrammar {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionGrammar[];
  /** What each operand is. The last kind counts for all that follow. */
  readonly operandKinds: readonly OperandKind[];
}

/** An option as completion sees it. */
export interface OptionGrammar {
  /** With their dashes: long ones first. */
  readonly names: readonly string[];
  readonly help: string;
  /** What help calls the value. Undefined if the option takes none. */
  readonly value: string | undefined;
  readonly valueKind: OperandKind;
}

/** All that can be completed. */
export interface Grammar {
  readonly commands: readonly CommandGrammar[];
  /** The options that need no command. */
  readonly options: readonly OptionGrammar[];
}

/** What can be completed, from the specs. */
export function grammarOf(specs: readonly CommandSpec[]): Grammar {
  const commands = specs.map(({ name, summary, options, operandKinds = ["file"] }): CommandGrammar => {
    return { name, summary, options: options.map(optionOf), operandKinds };
  });
  const help: CommandGrammar = {
    name: "help",
    summary: "describe a command and its options",
    options: [],
    operandKinds: [commands.map(({ name }) => name)],
  };
  return { commands: [...commands, help], options: [HELP, VERSION, RDIFF].map(optionOf) };
}

function optionOf(spec: OptionSpec): OptionGrammar {
  const { help, value, choices, isFile } = spec;
  const names = namesOf(spec).map((name) => name.length > 1 ? `--${name}` : `-${name}`);
  return { names, help, value, valueKind: choices ?? (isFile ? "file" : "any") };
}
