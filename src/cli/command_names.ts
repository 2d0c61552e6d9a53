import { COMMANDS } from "./_command_list.ts";

/** The names of all commands, in the order of help. */
export const COMMAND_NAMES: readonly string[] = COMMANDS.map(({ name }) => name);
