/** Answers `POST /NAME`, whose body is a signature, with the delta of the object of that name in an R2 bucket. */
import { deltaStream, loadSigs, RsyncError } from "rsync-streams";

export default {
  async fetch(request, env) {
    if (request.method !== "POST" || !request.body) return new Response("POST a signature\n", { status: 405 });
    const target = await env.TARGETS.get(new URL(request.url).pathname.slice(1));
    if (!target) return new Response("No such object\n", { status: 404 });
    try {
      const sigs = await loadSigs(request.body, { maxInputLength: 2 ** 25 });
      return new Response(target.body.pipeThrough(deltaStream(sigs)));
    } catch (error) {
      if (!(error instanceof RsyncError)) throw error;
      return new Response(`${error.message}\n`, { status: 400 });
    }
  },
};
