/** Updates a file from a URL. */
import { fetchUpdate, planUpdate } from "rsync-streams/http";
import type { UpdatePlan } from "rsync-streams/http";
import type { Jobs, Results } from "../protocol.ts";
import { type Context, reporter } from "./context.ts";

/** What an update would take. Fetches parts of the signature alone. */
export function plan({ url, basis }: Jobs["plan"], { signal, report }: Context): Promise<UpdatePlan> {
  report({ step: "Plan", done: 0, total: NaN });
  return planUpdate(url, basis, { signal });
}

/** Updates, and verifies the result. */
export async function update({ url, basis }: Jobs["update"], context: Context): Promise<Results["update"]> {
  const { signal, slot } = context;
  context.report({ step: "Update", done: 0, total: NaN });
  const { readable, plan, stats } = await fetchUpdate(url, basis, { signal });
  const onProgress = reporter(context, "Update", plan.fileLength ?? NaN, "bytesOut");
  const counted = readable.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        onProgress(stats);
        controller.enqueue(chunk);
      },
    }),
  );
  const file = await slot.keep("updated", counted, signal);
  onProgress(stats);
  return { file, plan, stats: { ...stats } };
}
