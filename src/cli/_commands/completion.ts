import { completionScript } from "../_completion/mod.ts";
import { type Shell, SHELLS } from "../_completion/shell.ts";
import type { CommandSpec, Invocation } from "../_command_spec.ts";
import { usageError } from "../_errors.ts";
import { HELP, VERBOSE, VERSION } from "../_shared_options.ts";
import { print } from "../_stdio.ts";

export const completion: CommandSpec = {
  name: "completion",
  usage: "SHELL",
  operands: { min: 1, max: 1 },
  operandKinds: [SHELLS],
  needsNames: true,
  summary: "print what a shell needs to complete command lines",
  details: `Prints a script for SHELL, which is ${SHELLS.slice(0, -1).join(", ")} or ${SHELLS.at(-1)}. With it the shell
completes commands, options, their values and files.

In bash, put the first of the examples into ~/.bashrc. In zsh, put the second into ~/.zshrc, after compinit. In fish,
run the third once.`,
  examples: [
    'eval "$(rsync-streams completion bash)"',
    'eval "$(rsync-streams completion zsh)"',
    "rsync-streams completion fish > ~/.config/fish/completions/rsync-streams.fish",
  ],
  options: [VERBOSE, VERSION, HELP],
  run,
};

async function run({ operands: [shell], dialect }: Invocation): Promise<void> {
  if (!isShell(shell)) {
    const expected = `one of ${SHELLS.join(", ")} was expected`;
    throw usageError(`unknown shell ${JSON.stringify(shell)}: ${expected}`, "completion");
  }
  await print(completionScript(shell, dialect));
}

function isShell(word: string | undefined): word is Shell {
  return SHELLS.some((shell) => shell === word);
}
