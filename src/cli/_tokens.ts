import type { OptionSpec } from "./_command_spec.ts";
import { usageError } from "./_errors.ts";

/** An option as it stands on a command line. */
export interface Given {
  readonly spec: OptionSpec;
  /** How it was written, with its dashes. */
  readonly rawName: string;
  /** Empty if the option takes none, and `no` if it is a switch that is turned off. */
  readonly value: string;
}

/**
 * Tells options and operands apart, as the option parser of rdiff does (popt).
 *
 * Options may stand anywhere before `--`. A value may follow its option as an argument of its own, whatever it starts
 * with, or stand in the same argument: `--name=value`, `-nvalue` or `-n=value`.
 *
 * @param known The options there are.
 * @throws {CliError} If an option is unknown, a value is missing, or there is one where none belongs.
 */
export function splitCommandLine(
  args: readonly string[],
  known: readonly OptionSpec[],
): { given: Given[]; operands: string[] } {
  const given: Given[] = [];
  const operands: string[] = [];
  const rest = args[Symbol.iterator]();

  /** @param inline The value in the same argument, if there is one. */
  const add = (name: string, rawName: string, inline: string | undefined) => {
    const spec = known.find((spec) => namesOf(spec).includes(name));
    if (!spec) throw usageError(`unknown option ${rawName}`);
    if (!spec.value && inline !== undefined) throw usageError(`${rawName} takes no value`);
    const value = spec.value && inline === undefined ? rest.next().value : inline;
    if (spec.value && value === undefined) throw usageError(`${rawName} needs a value`);
    given.push({ spec, rawName, value: name === offName(spec) ? "no" : value ?? "" });
  };

  for (const arg of rest) {
    if (arg === "--") return { given, operands: [...operands, ...rest] };
    if (arg.startsWith("--")) {
      const [, rawName, value] = /^([^=]*)(?:=(.*))?$/s.exec(arg)!;
      // A name of one letter is a short one.
      add(rawName!.length > 3 ? rawName!.slice(2) : "", rawName!, value);
    } else if (arg.startsWith("-") && arg !== "-") {
      for (let at = 1; at < arg.length; at++) {
        const letter = String.fromCodePoint(arg.codePointAt(at)!);
        const after = arg.slice(at + letter.length);
        const isLast = after === "" || after.startsWith("=") || takesValue(letter, known);
        add(letter, `-${letter}`, isLast && after !== "" ? after.replace(/^=/, "") : undefined);
        if (isLast) break;
      }
    } else {
      operands.push(arg);
    }
  }
  return { given, operands };
}

/** All names of an option, without dashes: the long one first. */
export function namesOf(spec: OptionSpec): readonly string[] {
  const { name, short, aliases = [] } = spec;
  return [name, offName(spec), short, ...aliases].filter((name) => name !== undefined);
}

function offName({ name, isSwitch }: OptionSpec): string | undefined {
  return isSwitch ? `no-${name}` : undefined;
}

function takesValue(letter: string, known: readonly OptionSpec[]): boolean {
  return known.some((spec) => spec.value !== undefined && namesOf(spec).includes(letter));
}
