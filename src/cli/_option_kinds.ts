import type { OptionSpec } from "./_command_spec.ts";
import { usageError } from "./_errors.ts";

/** What is to be said of an option whose kind is known. */
type Named = Pick<OptionSpec, "name" | "short" | "aliases" | "help">;
type NamedWithValue = Named & { readonly value: string };

/** An option that takes no value. */
export function flag(named: Named): OptionSpec<true> {
  return { ...named, parse: () => true };
}

/** An option whose value is an integer, or one of some words that stand for integers. */
export function integerOption(
  named: NamedWithValue,
  words: Readonly<Record<string, number>> = {},
): OptionSpec<number> {
  return { ...named, parse: (value) => Object.hasOwn(words, value) ? words[value]! : parseInteger(value) };
}

/**
 * An option whose value is one of a few words.
 *
 * @param named Names and help.
 * @param choices What each word means.
 * @param what What messages call the value.
 */
export function choiceOption<T>(
  named: NamedWithValue,
  choices: Readonly<Record<string, T>>,
  what: string = named.name,
): OptionSpec<T> {
  const words = Object.keys(choices);
  return {
    ...named,
    choices: words,
    parse(value) {
      if (Object.hasOwn(choices, value)) return choices[value]!;
      throw usageError(`unknown ${what} ${JSON.stringify(value)}: one of ${words.join(", ")} was expected`);
    },
  };
}

/** Reads a decimal or hexadecimal number, as rdiff does. */
function parseInteger(value: string): number {
  // rdiff accepts "-b=1024" too.
  const text = value.replace(/^=/, "");
  if (!/^[+-]?(0x[\da-f]+|\d+)$/i.test(text)) throw usageError(`invalid number: ${value}`);
  const magnitude = Number(text.replace(/^[+-]/, ""));
  return text.startsWith("-") ? 0 - magnitude : magnitude;
}
