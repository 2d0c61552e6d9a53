/**
 * What each server with a handler serves, whatever it stands on:
 *
 *     /handler/   files, and uploads from everywhere
 *     /closed/    the same, but without uploads from pages of other origins
 *     /log        what a client has asked of both since it asked this
 *
 * The server itself adds `/static/`, a folder as its users serve one.
 */
import { syncHandler } from "rsync-streams/http";

/** Makes the function that answers. `store` has `open` and `commit` of a handler, which get paths. */
export function makeSite(store) {
  const pathOf = ({ pathname }) => decodeURIComponent(pathname).replace(/^\/(handler|closed)\//, "");
  const options = {
    open: (url) => store.open(pathOf(url)),
    commit: (url, readable) => store.commit(pathOf(url), readable),
    onError: (error, { signal }) => signal.aborted || console.error(error),
  };
  const handlers = { handler: syncHandler({ ...options, allowOrigin: "*" }), closed: syncHandler(options) };
  const logs = new Map();
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const client = searchParams.get("client");
    const log = logs.get(client) ?? [];
    logs.set(client, log);
    if (pathname === "/log") {
      return Response.json(log.splice(0), { headers: { "Access-Control-Allow-Origin": "*" } });
    }
    const handler = handlers[pathname.split("/")[1]];
    if (!handler) return new Response("Not found\n", { status: 404 });
    const { method, headers } = request;
    const entry = { method, accepted: headers.get("accept-encoding"), sentCoding: headers.get("content-encoding") };
    const response = await handler(request);
    log.push({ ...entry, status: response.status, coding: response.headers.get("content-encoding") });
    return response;
  };
}
