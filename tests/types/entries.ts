/** Every entry point, with nothing newer than ES2022. */
import type { Basis } from "rsync-streams";
import { Rsync } from "rsync-streams/callbacks";
import { runCli } from "rsync-streams/cli";
import { fileBasis } from "rsync-streams/files";
import { fetchUpdate, type UpdatePlan } from "rsync-streams/http";
import { kernelBytes } from "rsync-streams/kernel-bytes";
import { LayeredSig } from "rsync-streams/sync";

export async function plan(url: URL, path: string): Promise<UpdatePlan> {
  const basis = await fileBasis(path);
  const update = await fetchUpdate(url, basis satisfies Basis);
  await basis.close();
  return update.plan;
}

export const entries = [Rsync, runCli, kernelBytes, LayeredSig];
