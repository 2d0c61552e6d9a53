import { COMMANDS } from "./_command_list.ts";
import type { CommandSpec, Dialect, OptionSpec } from "./_command_spec.ts";
import { RDIFF } from "./_shared_options.ts";

const RDIFF_NAME = "rdiff";
const RDIFF_COMMANDS: readonly string[] = ["signature", "delta", "patch"];

/** The options of rdiff, and what help says of them where it is not what they mean otherwise. */
const RDIFF_OPTIONS: Readonly<Record<string, string | undefined>> = {
  "block-size": "block length; 0 (default): the length that fits the file",
  "sum-size": "strong length; 0 (default): the whole sum, -1: the shortest that is safe against accidents",
  hash: "strong sum: blake2 (default) or md4",
  rollsum: "weak sum: rabinkarp (default) or rollsum",
  "input-size": undefined,
  "output-size": undefined,
  force: undefined,
  statistics: undefined,
  verbose: undefined,
  version: undefined,
  help: undefined,
};

const OWN: Dialect = { name: "rsync-streams", isRdiff: false, commands: COMMANDS };

const OF_RDIFF: Dialect = {
  name: RDIFF_NAME,
  isRdiff: true,
  commands: COMMANDS.filter(({ name }) => RDIFF_COMMANDS.includes(name)).map(asRdiff),
};

/** How a command line wants to be understood: `--rdiff` may stand anywhere before `--`. */
export function dialectOf(args: readonly string[]): Dialect {
  const end = args.indexOf("--");
  const options = end < 0 ? args : args.slice(0, end);
  return options.includes(`--${RDIFF.name}`) ? OF_RDIFF : OWN;
}

/** Whether a program of this path is called as rdiff: by its name, or by a link. The name may have an extension. */
export function isRdiffPath(path: string | undefined): boolean {
  return path !== undefined && /(?:^|[/\\])rdiff(?:\.\w+)?$/i.test(path);
}

function asRdiff(spec: CommandSpec): CommandSpec {
  const { options, ignoredOptions = [] } = spec;
  return { ...spec, options: options.flatMap(optionOfRdiff), ignoredOptions: ignoredOptions.flatMap(optionOfRdiff) };
}

/** The option as rdiff has it, if it does. rdiff has one long name for each. */
function optionOfRdiff(spec: OptionSpec): OptionSpec[] {
  const { name, help, aliases = [] } = spec;
  if (!Object.hasOwn(RDIFF_OPTIONS, name)) return [];
  return [{ ...spec, help: RDIFF_OPTIONS[name] ?? help, aliases: aliases.filter(({ length }) => length === 1) }];
}
