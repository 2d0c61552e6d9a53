import type { OptionSpec } from "./_command_spec.ts";
import { usageError } from "./_errors.ts";

/** What is to be said of an option whose kind is known. */
type Named = Pick<OptionSpec, "name" | "short" | "aliases" | "help">;
type NamedWithValue = Named & { readonly value: string };

/** rdiff keeps numbers in 32 bits, with a sign. */
const RDIFF_LIMIT = 2 ** 31;

/** Blanks, a sign, and digits that are hexadecimal after 0x. Or nothing, for 0. */
const NUMBER = /^(?:[ \t\n\v\f\r]*([+-]?)(0x[\da-f]+|\d+))?$/i;
/** Digits that are octal in C, and so for rdiff, or no number there. */
const OCTAL = /^0\d/;
const UNITS: readonly string[] = ["", "k", "m", "g", "t"];

/** An option that takes no value. */
export function flag(named: Named): OptionSpec<true> {
  return { ...named, parse: () => true };
}

/** An option that is on or off: `--name` or `--no-name`. */
export function switchOption(named: Named): OptionSpec<boolean> {
  return { ...named, isSwitch: true, parse: (value) => value !== "no" };
}

/** An option whose value is any text. */
export function textOption(named: NamedWithValue & Pick<OptionSpec, "isFile">): OptionSpec<string> {
  return { ...named, parse: (value) => value };
}

/** An option whose value is an integer. */
export function integerOption(named: NamedWithValue): OptionSpec<number> {
  const { name } = named;
  return { ...named, parse: (value, isRdiff) => isRdiff ? rdiffInteger(name, value) : integer(name, value, value) };
}

/**
 * An option whose value is a number of bytes, such as `4096` or `4k`.
 *
 * @param named Names and help.
 * @param words Words that stand for numbers.
 */
export function bytesOption(
  named: NamedWithValue,
  words: Readonly<Record<string, number>> = {},
): OptionSpec<number> {
  const { name } = named;
  return {
    ...named,
    parse(value, isRdiff) {
      if (isRdiff) return rdiffInteger(name, value);
      if (Object.hasOwn(words, value)) return words[value]!;
      const [, digits = value, unit = ""] = /^(.+?)([kmgt])(?:ib)?$/is.exec(value) ?? [];
      return integer(name, digits, value) * 1024 ** UNITS.indexOf(unit.toLowerCase());
    },
  };
}

/** What the values of an option are, where they can be listed. */
export interface Choices<T> {
  /** What each word means. */
  readonly words: Readonly<Record<string, T>>;
  /** The words that rdiff knows, if it has the option. */
  readonly rdiffWords?: readonly string[];
  /** What messages call the value. The name of the option if it is left out. */
  readonly what?: string;
}

/** An option whose value is one of a few words. */
export function choiceOption<T>(named: NamedWithValue, choices: Choices<T>): OptionSpec<T> {
  const { words, what = named.name } = choices;
  const all = Object.keys(words);
  return {
    ...named,
    choices: all,
    parse(value, isRdiff) {
      const accepted = isRdiff && choices.rdiffWords || all;
      if (accepted.includes(value)) return words[value]!;
      throw usageError(`unknown ${what} ${JSON.stringify(value)}: one of ${accepted.join(", ")} was expected`);
    },
  };
}

/**
 * Reads a number.
 *
 * @param name The option, for messages.
 * @param digits The number.
 * @param value All of the option's value, for messages.
 * @param isRdiff Whether it is octal behind a zero.
 */
function integer(name: string, digits: string, value: string, isRdiff = false): number {
  const match = NUMBER.exec(digits);
  const [, sign, magnitude = "0"] = match ?? [];
  const number = Number(isRdiff && OCTAL.test(magnitude) ? `0o${magnitude}` : magnitude);
  if (!match || Number.isNaN(number)) {
    throw usageError(`cannot use --${name}: ${JSON.stringify(value)} was given, a number was expected`);
  }
  return sign === "-" ? 0 - number : number;
}

function rdiffInteger(name: string, value: string): number {
  const number = integer(name, value, value, true);
  if (number >= -RDIFF_LIMIT && number < RDIFF_LIMIT) return number;
  throw usageError(`cannot use --${name}: ${value} was given, at most 32 bits with a sign were expected`);
}
