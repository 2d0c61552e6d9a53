import assert from "node:assert/strict";
import { syncHandler } from "rsync-streams/http";
import { randomBytes } from "../_recipes.ts";
import { assertProblem, bytesOf, get, Store } from "./_store.ts";

const FILE = randomBytes(1, 100);
const files = () => new Store({ "/f": FILE });
const READING = "GET, HEAD, QUERY, POST, OPTIONS";
const WRITING = "GET, HEAD, QUERY, POST, PATCH, OPTIONS";
const OTHER_ORIGIN = { Origin: "https://page.test" };

Deno.test("methods that are not known are 405, and Allow says which are", async () => {
  for (const method of ["PUT", "DELETE", "PATCH", "PROPFIND"]) {
    const response = await files().reader()(get("/f", {}, method));
    assert.equal(response.headers.get("Allow"), READING);
    await assertProblem(response, 405);
  }
  const response = await files().writer()(get("/f", {}, "PUT"));
  assert.equal(response.headers.get("Allow"), WRITING);
  await assertProblem(response, 405);
});

Deno.test("OPTIONS says what can be done", async () => {
  const reading = await files().reader()(get("/f", {}, "OPTIONS"));
  assert.equal(reading.status, 204);
  assert.equal(reading.headers.get("Allow"), READING);
  assert.equal(reading.headers.get("Accept-Patch"), null);
  assert.match(reading.headers.get("Accept-Query")!, /runs, .*sig$/);
  const writing = await files().writer()(get("/f", OTHER_ORIGIN, "OPTIONS"));
  assert.equal(writing.headers.get("Allow"), WRITING);
  assert.equal(writing.headers.get("Accept-Patch"), "application/vnd.rsync-streams.delta");
});

async function preflight(handler: ReturnType<Store["reader"]>, path = "/f") {
  const headers = {
    ...OTHER_ORIGIN,
    "Access-Control-Request-Method": "QUERY",
    "Access-Control-Request-Headers": "authorization,content-type",
  };
  const response = await handler(get(path, headers, "OPTIONS"));
  assert.equal(response.status, 204);
  assert.equal(response.body, null);
  return response.headers;
}

Deno.test("a preflight allows reading to all pages, and writing only where an origin is named", async () => {
  const headers = await preflight(files().writer());
  assert.equal(headers.get("Access-Control-Allow-Origin"), "*");
  assert.equal(headers.get("Access-Control-Allow-Methods"), READING);
  assert.equal(headers.get("Access-Control-Allow-Headers"), "authorization,content-type");
  assert.equal(headers.get("Access-Control-Max-Age"), "3600");
  const named = await preflight(files().writer({ allowOrigin: "https://page.test" }));
  assert.equal(named.get("Access-Control-Allow-Origin"), "https://page.test");
  assert.equal(named.get("Access-Control-Allow-Methods"), WRITING);
  const sig = await preflight(files().writer({ allowOrigin: "*" }), "/f.rsig");
  assert.equal(sig.get("Access-Control-Allow-Methods"), "GET, HEAD, QUERY, POST, OPTIONS");
});

Deno.test("answers and problems can be read by other origins, those to uploads only if one is named", async () => {
  const handler = files().writer();
  for (const [path, method] of [["/f", "GET"], ["/gone", "GET"], ["/f", "PUT"], ["/f", "QUERY"]] as const) {
    const response = await handler(get(path, OTHER_ORIGIN, method));
    await bytesOf(response);
    assert.equal(response.headers.get("Access-Control-Allow-Origin"), "*");
    const exposed = response.headers.get("Access-Control-Expose-Headers")!.split(", ");
    for (const name of ["ETag", "Content-Range", "Accept-Query", "Accept-Patch", "Repr-Digest", "Retry-After"]) {
      assert.ok(exposed.includes(name), name);
    }
  }
  const upload = await handler(get("/f", OTHER_ORIGIN, "PATCH"));
  await bytesOf(upload);
  assert.equal(upload.headers.get("Access-Control-Allow-Origin"), null);
  const named = await files().writer({ allowOrigin: "https://page.test" })(get("/f", OTHER_ORIGIN, "PATCH"));
  await bytesOf(named);
  assert.equal(named.headers.get("Access-Control-Allow-Origin"), "https://page.test");
});

Deno.test("other origins can read what open() throws, unless its headers say otherwise or are immutable", async () => {
  const allowed = async (thrown: Response) => {
    const handler = syncHandler({ open: () => Promise.reject(thrown) });
    const response = await handler(get("/f", OTHER_ORIGIN));
    await bytesOf(response);
    assert.equal(response.status, thrown.status);
    return response.headers.get("Access-Control-Allow-Origin");
  };
  const own = { "Access-Control-Allow-Origin": "https://own.test" };
  assert.equal(await allowed(new Response("Log in", { status: 401 })), "*");
  assert.equal(await allowed(new Response("Log in", { status: 401, headers: own })), "https://own.test");
  assert.equal(await allowed(Response.redirect("http://localhost/login")), null);
});
