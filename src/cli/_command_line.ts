import { parseArgs, type ParseArgsConfig } from "node:util";
import { COMMANDS } from "./_command_list.ts";
import { type CommandSpec, type OptionSpec, OptionValues } from "./_command_spec.ts";
import { usageError } from "./_errors.ts";
import { HELP, VERSION } from "./_shared_options.ts";

/** A command line, parsed. */
export interface CommandLine {
  /** Undefined only if help or the version was asked for. */
  readonly command: CommandSpec | undefined;
  readonly operands: readonly string[];
  readonly options: OptionValues;
}

/** The options of all commands by name, since an option may stand before its command. */
const OPTIONS: ReadonlyMap<string, OptionSpec> = new Map(
  COMMANDS.flatMap(acceptedOptions).map((spec) => [spec.name, spec]),
);

const CONFIG = parseConfig();

/**
 * Parses a command line. As in rdiff, options may stand anywhere, also before the command.
 *
 * @throws {CliError} If it does not follow the usage of a command.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  // Strict parsing would refuse "-S -1". So what it checks is checked here.
  const { tokens } = parseArgs({
    args: [...args],
    options: CONFIG,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const options = new OptionValues();
  const seen: { name: string; rawName: string }[] = [];
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { rawName, value } = token;
    const spec = findOption(token.name);
    if (!spec) throw usageError(`unknown option ${rawName}`);
    if (spec.value && value === undefined) throw usageError(`${rawName} needs a value`);
    if (!spec.value && value !== undefined) throw usageError(`${rawName} takes no value`);
    options.set(spec, spec.parse(value ?? ""));
    seen.push({ name: spec.name, rawName });
  }
  const [first, ...operands] = positionals;
  const command = COMMANDS.find(({ name }) => name === first);
  if (options.get(HELP) || options.get(VERSION)) return { command, operands, options };
  if (!command) {
    const what = first === undefined ? "a command is missing" : `unknown command ${JSON.stringify(first)}`;
    throw usageError(`${what}: one of ${COMMANDS.map(({ name }) => name).join(", ")} was expected`);
  }
  for (const { name, rawName } of seen) {
    if (acceptedOptions(command).some((spec) => spec.name === name)) continue;
    throw usageError(`${command.name} has no option ${rawName}`, command.name);
  }
  checkOperands(command, operands);
  return { command, operands, options };
}

function checkOperands({ name, usage, operands: { min, max } }: CommandSpec, operands: readonly string[]): void {
  if (operands.length >= min && operands.length <= max) return;
  const what = operands.length < min ? "files are missing" : "too many files";
  throw usageError(`${what}: rsync-streams ${name} [OPTIONS] ${usage}`, name);
}

function acceptedOptions({ options, ignoredOptions = [] }: CommandSpec): readonly OptionSpec[] {
  return [...options, ...ignoredOptions];
}

function findOption(name: string): OptionSpec | undefined {
  return OPTIONS.get(name) ?? [...OPTIONS.values()].find(({ aliases }) => aliases?.includes(name));
}

function parseConfig(): NonNullable<ParseArgsConfig["options"]> {
  const config: NonNullable<ParseArgsConfig["options"]> = {};
  for (const { name, short, value, aliases = [] } of OPTIONS.values()) {
    const type = value ? "string" : "boolean";
    config[name] = short ? { type, short } : { type };
    for (const alias of aliases) config[alias] = { type };
  }
  return config;
}
