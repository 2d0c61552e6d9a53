/** The hosts of the conformance server do what they claim. Nothing here needs the client. */
import assert from "node:assert/strict";
import { allCases } from "./_hosts/all_cases.ts";
import { type HostCase, quirky, siteOf } from "./_hosts/case.ts";
import { MAX_REQUESTS } from "./_hosts/host.ts";
import type { Host } from "./_hosts/host.ts";
import { probe } from "./_hosts/probe.ts";
import { FILE, published, SIG } from "./_hosts/published.ts";
import { serve } from "./_hosts/serve.ts";

/** Runs the proof of a case against a host. */
async function prove({ size, proof }: HostCase, host: Host, fetch: typeof globalThis.fetch): Promise<void> {
  await proof({
    update: await published(size ?? "edited"),
    url: host.url,
    fetch,
    see: (path, headers, options) => probe(new URL(path, host.url), headers, options),
  });
}

/** A `fetch` that leaves no body behind, whoever throws. */
async function wholeFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  return new Response(await response.bytes(), response);
}

for (const hostCase of allCases) {
  Deno.test(`host, ${hostCase.name}`, async () => {
    const update = await published(hostCase.size ?? "edited");
    await using host = await serve(await hostCase.make(update));
    await prove(hostCase, host, hostCase.makeFetch?.() ?? fetch);
  });
}

Deno.test("a well-behaved host has the proof of none of the other cases", async () => {
  const passing: string[] = [];
  for (const hostCase of allCases) {
    await using host = await serve(quirky(siteOf(await published(hostCase.size ?? "edited")), () => undefined));
    await prove(hostCase, host, wholeFetch).then(() => passing.push(hostCase.name), () => {});
  }
  assert.deepEqual(passing, ["well-behaved"]);
});

Deno.test("names of cases are different", () => {
  const names = allCases.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
});

for (const isRaw of [false, true]) {
  Deno.test(`a host counts requests and bytes of each path${isRaw ? ", raw" : ""}`, async () => {
    const update = await published("small");
    await using host = await serve({ ...quirky(siteOf(update), () => undefined), isRaw });
    const { length } = update.file.bytes;
    await probe(new URL(FILE, host.url));
    await probe(new URL(FILE, host.url), { range: "bytes=0-9" });
    await probe(new URL(SIG, host.url), {}, { method: "HEAD" });
    await probe(new URL("/none", host.url));
    assert.deepEqual(host.log.of(FILE), { requests: 2, bytes: length + 10 });
    assert.deepEqual(host.log.of(SIG), { requests: 1, bytes: 0 });
    assert.deepEqual(host.log.requests.map(({ status }) => status), [200, 206, 200, 404]);
    assert.equal(host.log.bytes, length + 10 + "Status 404\n".length);
  });
}

Deno.test("a host answers no more than so many requests", async () => {
  await using host = await serve(quirky(siteOf(await published("small")), () => undefined));
  const url = new URL(FILE, host.url);
  for (let i = 0; i < MAX_REQUESTS; i++) assert.equal((await probe(url, {}, { method: "HEAD" })).status, 200);
  assert.equal(host.log.isExceeded, false);
  assert.equal((await probe(url)).status, 508);
  assert.equal(host.log.isExceeded, true);
});
