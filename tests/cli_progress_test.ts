/** What the command measures a job by, and what it says at its end. */
import assert from "node:assert/strict";
import { syncHandler } from "rsync-streams/http";
import { BASIS, run, TARGET, test } from "./_cli_inside.ts";

/** Bytes of a delta up to which it is read twice. */
const SCANNED = 2 ** 26;

/** Writes a delta of librsync with so many bytes: a hundred copies of the basis, and zeros. */
async function writeLongDelta(path: string, length: number): Promise<void> {
  const copy = [0x4f, 0, 0, 0, 0, 0, 0, BASIS.length >>> 8, BASIS.length & 0xff];
  const copies = Uint8Array.from([...Array(100).fill(copy).flat(), 0]);
  const head = new Uint8Array(9);
  const view = new DataView(head.buffer);
  view.setUint32(0, 0x72730236);
  view.setUint8(4, 0x43);
  view.setUint32(5, length - head.length - copies.length);
  using file = await Deno.open(path, { write: true, create: true });
  await file.write(head);
  // The zeros are a hole.
  await file.seek(length - copies.length, Deno.SeekMode.Start);
  await file.write(copies);
}

test("measures a patch by its output, unless reading the delta twice would take long", async (folder) => {
  const far = async (length: number) => {
    await writeLongDelta(`${folder}/long.delta`, length);
    const { code, err } = await run(folder, ["patch", "-qf", "--progress", "basis.bin", "long.delta", "made.bin"]);
    assert.equal(code, 0, err);
    assert.equal((await Deno.stat(`${folder}/made.bin`)).size, length - 910 + 100 * BASIS.length);
    return /(\d+\.\d) % of (\d+\.\d MB)[^\n]*\n$/.exec(err)!.slice(1);
  };
  assert.deepEqual(await far(SCANNED), ["100.0", "69.1 MB"]);
  assert.deepEqual(await far(SCANNED + 1), ["100.0", "67.1 MB"]);
});

test("says on a terminal that a file was updated, unless another report was asked for", async (folder) => {
  const handler = syncHandler({ open: () => ({ basis: TARGET, size: TARGET.length, entityTag: '"1"' }) });
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => handler(request));
  try {
    const said = async (options: string[], isTerminal = true) => {
      await Deno.writeFile(`${folder}/basis.bin`, BASIS);
      const url = `http://127.0.0.1:${server.addr.port}/target`;
      const { code, err } = await run(folder, ["pull", ...options, url, "basis.bin"], { isTerminal });
      assert.equal(code, 0, err);
      return err.includes("basis.bin is updated: ");
    };
    assert.equal(await said([]), true);
    assert.equal(await said([], false), false);
    for (const option of ["--quiet", "--json", "--statistics"]) assert.equal(await said([option]), false, option);
  } finally {
    await server.shutdown();
  }
});
