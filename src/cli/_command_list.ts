import type { CommandSpec } from "./_command_spec.ts";
import { completion } from "./_commands/completion.ts";
import { delta } from "./_commands/delta.ts";
import { info } from "./_commands/info.ts";
import { patch } from "./_commands/patch.ts";
import { publish } from "./_commands/publish.ts";
import { pull } from "./_commands/pull.ts";
import { push } from "./_commands/push.ts";
import { serve } from "./_commands/serve.ts";
import { signature } from "./_commands/signature.ts";
import { transcode } from "./_commands/transcode.ts";

/** All commands, in the order of help. */
export const COMMANDS: readonly CommandSpec[] = [
  signature,
  delta,
  patch,
  info,
  transcode,
  publish,
  pull,
  push,
  serve,
  completion,
];
