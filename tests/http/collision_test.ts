/** Short sums that are equal by chance: a signature that names a wrong block, and the right digest. */
import assert from "node:assert/strict";
import { fetchUpdate } from "rsync-streams/http";
import { LayeredSig } from "rsync-streams/sync";
import { assertBytes, sha256, toBytes } from "../_helpers.ts";
import { concat, randomBytes } from "../_recipes.ts";
import { type Bytes, hostOf, publish } from "./_memory_host.ts";

const target = randomBytes(1, 200_000);
const other = randomBytes(2, 4096);
/** What a wrong block leads to: bytes of the basis in place of those of the target. */
const wrong = concat([target.subarray(0, 65_536), other, target.subarray(69_632)]);
const basis = concat([other, target.subarray(0, 65_536), target.subarray(69_632, 190_000)]);

/** The signature of `wrong` with the digest of `target`, as sums that collide would make it look. */
async function collidingSig(): Promise<Bytes> {
  const sig = await publish(wrong);
  const bytesOf = (digest: string) => Uint8Array.from(digest.match(/../g)!, (pair) => parseInt(pair, 16));
  const from = bytesOf((await LayeredSig.open(sig)).footer.digest);
  const to = bytesOf(await sha256(target));
  let count = 0;
  for (let at = 0; at + from.length <= sig.length; at++) {
    if (!from.every((byte, i) => sig[at + i] === byte)) continue;
    sig.set(to, at);
    count++;
  }
  assert.equal(count, 2, "in the trailer and in the footer");
  return sig;
}

Deno.test("where short sums collide, the signature with long ones is used", async () => {
  const { fetch, asked } = hostOf({
    "/f": target,
    "/f.rsig": await collidingSig(),
    "/f.rsig-long": await publish(target),
  });
  const { readable, stats } = await fetchUpdate("http://host.test/f?key=1", basis, { fetch });
  assertBytes(await toBytes(readable), target);
  assert.equal(stats.fallback, undefined);
  assert.ok(stats.isVerified);
  assert.ok(asked.some(({ path }) => path === "/f.rsig-long"));
  assert.ok(stats.bytesIn < target.length / 2, `${stats.bytesIn} bytes`);
});

Deno.test("where there is no such signature, or it collides too, the whole file is fetched", async () => {
  for (const long of [undefined, await collidingSig(), await publish(randomBytes(3, 5000))]) {
    const { fetch } = hostOf({
      "/f": target,
      "/f.rsig": await collidingSig(),
      ...(long && { "/f.rsig-long": long }),
    });
    const { readable, stats } = await fetchUpdate("http://host.test/f", basis, { fetch });
    assertBytes(await toBytes(readable), target);
    assert.equal(stats.fallback, "digest-mismatch");
    assert.ok(stats.isVerified);
  }
});

Deno.test("a wrong file is never given whole: the stream errors if nothing has the right digest", async () => {
  const { fetch } = hostOf({ "/f": wrong, "/f.rsig": await collidingSig() });
  const { readable } = await fetchUpdate("http://host.test/f", basis, { fetch });
  await assert.rejects(toBytes(readable), { name: "RsyncError", code: "digest-mismatch" });
});

Deno.test("a basis that changes after the search leads to the whole file", async () => {
  const { fetch } = hostOf({ "/f": target, "/f.rsig": await publish(target) });
  const changing = basis.slice();
  const { readable, plan, stats } = await fetchUpdate("http://host.test/f", changing, { fetch });
  assert.equal(plan.way, "ranges");
  changing.fill(7);
  assertBytes(await toBytes(readable), target);
  assert.equal(stats.fallback, "digest-mismatch");
});
