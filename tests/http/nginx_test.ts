/** The client against nginx, over a folder of published files, with gzip and without. nginx's log has the bytes. */
import assert from "node:assert/strict";
import { fetchUpdate } from "rsync-streams/http";
import { layeredSigStream } from "rsync-streams/sync";
import { assertBytes, source, toBytes } from "../_helpers.ts";
import { concat, make, randomBytes } from "../_recipes.ts";
import { edited } from "./_hosts/published.ts";
import { hasNginx, type Nginx, type NginxRequest, startNginx } from "./nginx.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface Pair {
  basis: Bytes;
  target: Bytes;
  /** The most bytes of bodies, borders of multipart answers included. */
  bytes: number;
  /** Why the whole file is fetched. */
  fallback?: string;
}

/** The most requests of an update. */
const MAX_REQUESTS = 100;
const EMPTY = new Uint8Array(0);

const text = make({ gen: "text", seed: 5, len: 400_000 });
const data = randomBytes(11, 500_000);
const block = randomBytes(12, 4096);

const PAIRS: Record<string, Pair> = {
  "edited text": { basis: text, target: edited(text, 30), bytes: 80_000 },
  "moved pieces": {
    basis: data,
    target: concat([data.subarray(300_000), data.subarray(100_000, 300_000), data.subarray(0, 100_000)]),
    bytes: 30_000,
  },
  "equal blocks": {
    basis: concat([data.subarray(0, 50_000), ...Array(40).fill(block)]),
    target: concat([...Array(60).fill(block), data.subarray(0, 50_000), ...Array(10).fill(block)]),
    bytes: 40_000,
  },
  "tiny": { basis: text.slice(0, 90), target: edited(text.slice(0, 90), 1), bytes: 2500 },
  "an empty target": { basis: data, target: EMPTY, bytes: 2100 },
  "an empty basis": { basis: EMPTY, target: data, bytes: 510_000, fallback: "no-basis" },
  "identical": { basis: data, target: data, bytes: 10_000 },
  "nothing in common": { basis: randomBytes(13, 200_000), target: data, bytes: 560_000, fallback: "cheaper" },
};

/** Publishes the targets in a folder, as `rsync-streams publish` does. */
async function publishAll(folder: string): Promise<void> {
  for (const [name, { target }] of Object.entries(PAIRS)) {
    await Deno.writeFile(`${folder}/${name}`, target);
    const sig = source(target).pipeThrough(layeredSigStream({ fileLength: target.length }));
    await Deno.writeFile(`${folder}/${name}.rsig`, await toBytes(sig));
  }
}

async function checkUpdate(nginx: Nginx, name: string): Promise<NginxRequest[]> {
  const { basis, target, bytes, fallback } = PAIRS[name]!;
  const { readable, stats } = await fetchUpdate(new URL(encodeURIComponent(name), nginx.url), basis);
  assertBytes(await toBytes(readable), target, name);
  const requests = await nginx.takeRequests();
  assert.ok(requests.length <= MAX_REQUESTS, `${name}: ${requests.length} requests`);
  assert.equal(requests.length, stats.requests);
  if (fallback !== undefined) assert.equal(stats.fallback, fallback);
  const length = requests.reduce((sum, { bodyLength }) => sum + bodyLength, 0);
  assert.ok(length <= bytes, `${name}: ${length} bytes, ${bytes} were expected at most`);
  return requests;
}

async function withNginx(gzip: boolean, work: (nginx: Nginx) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "rsync-streams-published-" });
  try {
    // A server that is started by root gives up its rights.
    await Deno.chmod(root, 0o755);
    await publishAll(root);
    await using nginx = await startNginx({ root, gzip });
    await work(nginx);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const ignore = !await hasNginx();

for (const gzip of [false, true]) {
  Deno.test(
    `updates from nginx, ${gzip ? "with" : "without"} gzip`,
    { ignore },
    () =>
      withNginx(gzip, async (nginx) => {
        for (const name of Object.keys(PAIRS)) await checkUpdate(nginx, name);
      }),
  );

  Deno.test(
    `nginx answers as the hosts of the conformance server, ${gzip ? "with" : "without"} gzip`,
    { ignore },
    () =>
      withNginx(gzip, async (nginx) => {
        const url = new URL("moved%20pieces", nginx.url);
        const length = PAIRS["moved pieces"]!.target.length;
        const ask = (headers: Record<string, string>) => fetch(url, { headers });
        const [several, whole, failed] = [
          await ask({ range: "bytes=0-9,100-109" }),
          await ask({ "accept-encoding": "gzip" }),
          await ask({ range: `bytes=${length}-` }),
        ];
        assert.equal(several.status, 206);
        assert.match(several.headers.get("content-type")!, /^multipart\/byteranges; boundary=\d{20}$/);
        assert.equal(failed.status, 416);
        assert.equal(whole.headers.get("content-encoding"), gzip ? "gzip" : null);
        assert.match(whole.headers.get("etag")!, gzip ? /^W\/"/ : /^"/);
        await Promise.all([several, whole, failed].map((response) => response.bytes()));
        const requests = await nginx.takeRequests();
        assert.deepEqual(requests.map(({ status }) => status), [206, 200, 416]);
        assert.ok(requests[0]!.bodyLength > 20 && requests[0]!.answerLength > requests[0]!.bodyLength);
      }),
  );
}
