import { parseArgs, type ParseArgsConfig } from "node:util";
import { usageError } from "./_exit.ts";
import { type Command, COMMANDS, OPTIONS, type Options, type OptionSpec } from "./_options.ts";

/** A command line, understood. */
export interface CommandLine {
  /** What to do; undefined if it does not say. */
  readonly command: Command | undefined;
  readonly operands: readonly string[];
  readonly options: Options;
}

/** Least and most operands of each command. */
const OPERANDS: Readonly<Record<Command, { least: number; most: number }>> = {
  signature: { least: 0, most: 2 },
  delta: { least: 1, most: 3 },
  patch: { least: 1, most: 3 },
  info: { least: 0, most: 1 },
  transcode: { least: 1, most: 2 },
};

/** What follows the name of each command. */
export const USAGE: Readonly<Record<Command, string>> = {
  signature: "[BASIS [SIGNATURE]]",
  delta: "SIGNATURE [TARGET [DELTA]]",
  patch: "BASIS [DELTA [TARGET]]",
  info: "[FILE]",
  transcode: "DELTA [OUTPUT] --to FORMAT",
};

const CONFIG = parseConfig();

/**
 * Understands a command line. Options may stand anywhere, as rdiff has it, before the command too.
 *
 * @throws {CliError} If it cannot be meant.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  // Not strict: that would refuse "-S -1". Hence what it checks is checked here.
  const { tokens } = parseArgs({
    args: [...args],
    options: CONFIG,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const options: Options = {};
  const seen: { spec: OptionSpec; rawName: string }[] = [];
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const spec = OPTIONS.find((one) => one.name === name || one.aliases?.includes(name));
    if (!spec) throw usageError(`unknown option ${rawName}`);
    if (spec.value && value === undefined) throw usageError(`${rawName} needs a value`);
    if (!spec.value && value !== undefined) throw usageError(`${rawName} takes no value`);
    spec.set(options, value ?? "");
    seen.push({ spec, rawName });
  }
  const [first, ...operands] = positionals;
  const command = COMMANDS.find((one) => one === first);
  if (options.help || options.version) return { command, operands, options };
  if (!command) {
    const what = first === undefined ? "a command is missing" : `unknown command ${JSON.stringify(first)}`;
    throw usageError(`${what}: one of ${COMMANDS.join(", ")} was expected`);
  }
  for (const { spec, rawName } of seen) {
    if (!isTaken(spec, command)) throw usageError(`${command} has no option ${rawName}`, command);
  }
  const { least, most } = OPERANDS[command];
  if (operands.length < least || operands.length > most) {
    const what = operands.length < least ? "files are missing" : "too many files";
    throw usageError(`${what}: rsync-streams ${command} [OPTIONS] ${USAGE[command]}`, command);
  }
  return { command, operands, options };
}

/** Whether an option may stand with a command: where rdiff takes it and it means nothing, it means nothing here. */
function isTaken(spec: OptionSpec, command: Command): boolean {
  const isOfRdiff = command === "signature" || command === "delta" || command === "patch";
  if (spec.isRdiff && isOfRdiff) return true;
  return OPTIONS.some((one) => one.name === spec.name && one.commands.includes(command));
}

function parseConfig(): NonNullable<ParseArgsConfig["options"]> {
  const config: NonNullable<ParseArgsConfig["options"]> = {};
  for (const { name, short, value, aliases = [] } of OPTIONS) {
    const type = value ? "string" : "boolean";
    config[name] ??= short ? { type, short } : { type };
    for (const alias of aliases) config[alias] = { type };
  }
  return config;
}
