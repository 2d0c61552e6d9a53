import { type CommandSpec, type Dialect, type OptionSpec, OptionValues } from "./_command_spec.ts";
import { aboutCommand, usageError } from "./_errors.ts";
import { HELP, RDIFF, VERSION } from "./_shared_options.ts";
import { splitCommandLine } from "./_tokens.ts";

/** A command line, parsed. */
export interface CommandLine {
  /** Undefined only if help or the version was asked for. */
  readonly command: CommandSpec | undefined;
  readonly operands: readonly string[];
  readonly options: OptionValues;
}

/** What `help` is called as a command. */
const HELP_COMMAND = "help";

/**
 * Parses a command line. As in rdiff, options may stand anywhere, also before the command.
 *
 * @throws {CliError} If it does not follow the usage of a command.
 */
export function parseCommandLine(args: readonly string[], dialect: Dialect): CommandLine {
  const { given, operands: [first, ...operands], options } = parseOptions(args, dialect);
  if (options.get(HELP) || options.get(VERSION)) {
    const wanted = onlyName(first, dialect);
    return { command: dialect.commands.find(({ name }) => name === wanted), operands, options };
  }
  if (first === undefined) throw usageError(`a command is missing: ${expectedCommands(dialect)}`);
  const name = findCommandName(first, dialect);
  if (name === HELP_COMMAND) return parseHelp(operands, options, dialect);
  const command = dialect.commands.find((command) => command.name === name)!;
  for (const { spec, rawName } of given) {
    if (acceptedOptions(command).some(({ name }) => name === spec.name)) continue;
    throw usageError(`${name} has no option ${rawName}`, name);
  }
  checkOperands(command, operands, dialect);
  return { command, operands, options };
}

/** Tells options and operands apart. An error names the help of the command, which lists its options. */
function parseOptions(args: readonly string[], dialect: Dialect) {
  const options = new OptionValues();
  try {
    const { given, operands } = splitCommandLine(args, optionsOf(dialect));
    for (const { spec, value } of given) options.set(spec, spec.parse(value, dialect.isRdiff));
    return { given, operands, options };
  } catch (error) {
    throw aboutCommand(error, onlyName(args.find((arg) => !arg.startsWith("-")), dialect));
  }
}

/** `help` and `help COMMAND`. */
function parseHelp([name, ...others]: readonly string[], options: OptionValues, dialect: Dialect): CommandLine {
  if (others.length > 0) throw usageError(`too many commands: ${dialect.name} ${HELP_COMMAND} [COMMAND]`);
  const wanted = name === undefined ? undefined : findCommandName(name, dialect);
  options.set(HELP, true);
  return { command: dialect.commands.find(({ name }) => name === wanted), operands: [], options };
}

/**
 * Finds the command that a word means. The start of a name is enough if no other starts in the same way. rdiff takes
 * the first that does, and so the word without letters for its first command.
 */
function findCommandName(word: string, dialect: Dialect): string {
  const meant = meantNames(word, dialect);
  const exact = meant.find((name) => name === word);
  if (exact || meant.length === 1 || meant.length > 1 && dialect.isRdiff) return exact ?? meant[0]!;
  if (word === "" || meant.length === 0) {
    throw usageError(`unknown command ${JSON.stringify(word)}: ${expectedCommands(dialect)}`);
  }
  throw usageError(`${JSON.stringify(word)} may mean ${meant.join(" or ")}: write more of it`);
}

/** The command that a word means, if it can mean no other. */
function onlyName(word: string | undefined, dialect: Dialect): string | undefined {
  const names = word ? meantNames(word, dialect) : [];
  return names.length === 1 ? names[0] : undefined;
}

/** The names that start as a word does. */
function meantNames(word: string, { commands, isRdiff }: Dialect): string[] {
  const names = commands.map(({ name }) => name);
  if (!isRdiff) names.push(HELP_COMMAND);
  return names.filter((name) => name.startsWith(word));
}

function expectedCommands({ commands }: Dialect): string {
  return `one of ${commands.map(({ name }) => name).join(", ")} was expected`;
}

function checkOperands(command: CommandSpec, operands: readonly string[], dialect: Dialect): void {
  const { name, usage, operands: { min, max } } = command;
  const count = operands.length;
  if (count >= min && count <= max) return;
  const names = usage.match(/\w+/g) ?? [];
  const what = count < min ? `${names[count]} is missing` : "too many arguments";
  throw usageError(`${what}: ${dialect.name} ${name} [OPTIONS] ${usage}`, name);
}

/** The options of all commands by name, since an option may stand before its command. */
function optionsOf({ commands }: Dialect): readonly OptionSpec[] {
  return [...new Map(commands.flatMap(acceptedOptions).map((spec) => [spec.name, spec])).values()];
}

function acceptedOptions({ options, ignoredOptions = [] }: CommandSpec): readonly OptionSpec[] {
  return [...options, ...ignoredOptions, RDIFF];
}
