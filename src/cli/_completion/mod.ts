/** Scripts with which shells complete command lines, made from the specs of the commands. */
import type { Dialect } from "../_command_spec.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { grammarOf } from "./grammar.ts";
import type { Shell } from "./shell.ts";
import { zshScript } from "./zsh.ts";

const SCRIPTS = { bash: bashScript, fish: fishScript, zsh: zshScript };

/** The script for a shell. */
export function completionScript(shell: Shell, { name, commands }: Dialect): string {
  return SCRIPTS[shell](name, grammarOf(commands));
}
