/** What `info` says where there is little to say: files of nothing, of one block, and with a date. */
import assert from "node:assert/strict";
import { layeredSigStream } from "rsync-streams/sync";
import { BASIS, run, test } from "./_cli_inside.ts";
import { toBytes } from "./_helpers.ts";

test("tells the range in which the length of a basis is, by the number of its blocks", async (folder) => {
  const unknown = " (the format does not record it)";
  const librsync: [length: number, range: string][] = [
    [0, "0 bytes"],
    [1, `1 to 1000 bytes${unknown}`],
    [1000, `1 to 1000 bytes${unknown}`],
    [1001, `1001 to 2000 bytes${unknown}`],
  ];
  const luapower: [length: number, range: string][] = [
    [0, `0 to 999 bytes${unknown}`],
    [999, `0 to 999 bytes${unknown}`],
    [1000, `1000 to 1999 bytes${unknown}`],
  ];
  for (const [format, cases] of Object.entries({ librsync, luapower })) {
    const told = ["--format", format, "-b", "1000"];
    for (const [length, range] of cases) {
      await Deno.writeFile(`${folder}/some.bin`, BASIS.subarray(0, length));
      await run(folder, ["signature", "-f", ...told, "some.bin", "some.sig"]);
      const kind = format === "luapower" ? [...told, "--kind", "signature"] : [];
      const { code, out } = await run(folder, ["info", ...kind, "some.sig"]);
      assert.equal(code, 0);
      assert.equal(/^basis length +(.*)$/m.exec(out)![1], range, `${format}, ${length} bytes`);
    }
  }
});

test("tells no share of a target without bytes", async (folder) => {
  await Deno.writeFile(`${folder}/empty.bin`, new Uint8Array(0));
  await run(folder, ["delta", "basis.sig", "empty.bin", "empty.delta"]);
  const { literalShare, targetLength, minFileLength } = JSON.parse(
    (await run(folder, ["info", "--json", "empty.delta"])).out,
  );
  assert.deepEqual([literalShare, targetLength, minFileLength], [null, 0, 0]);
  const { out } = await run(folder, ["info", "empty.delta"]);
  assert.match(
    out,
    /\ncopied +0 bytes \(–\) in 0 commands\nliteral +0 bytes \(–\) in 0 commands\nbasis length +at least 0 /,
  );
});

test("tells of one command as of one", async (folder) => {
  await Deno.writeFile(`${folder}/longer.bin`, new Uint8Array([...BASIS, 1]));
  await run(folder, ["delta", "basis.sig", "longer.bin", "longer.delta"]);
  const { out } = await run(folder, ["info", "longer.delta"]);
  assert.match(out, /\ncopied .* in 1 command\nliteral .* in 1 command\n/);
});

test("tells the share of what is new of a target of a byte or two", async (folder) => {
  for (const length of [1, 2]) {
    await Deno.writeFile(`${folder}/small.bin`, new Uint8Array(length));
    await run(folder, ["delta", "-f", "basis.sig", "small.bin", "small.delta"]);
    const { literalShare, literalBytes } = JSON.parse((await run(folder, ["info", "--json", "small.delta"])).out);
    assert.deepEqual([literalShare, literalBytes], [1, length]);
  }
});

test("tells when a basis was modified as a date, if there is such a date", async (folder) => {
  const dates: [ms: number, text: string][] = [
    [0, "1970-01-01T00:00:00.000Z"],
    [-1, "1969-12-31T23:59:59.999Z"],
    [8.64e15, "+275760-09-13T00:00:00.000Z"],
    [-8.64e15, "-271821-04-20T00:00:00.000Z"],
    [8.64e15 + 1, "8640000000000001 ms after 1970"],
    [-8.64e15 - 1, "-8640000000000001 ms after 1970"],
  ];
  for (const [modifiedMs, text] of dates) {
    const pair = layeredSigStream({ fileLength: BASIS.length, modifiedMs });
    await Deno.writeFile(`${folder}/dated.sig`, await toBytes(new Blob([BASIS]).stream().pipeThrough(pair)));
    const { code, out } = await run(folder, ["info", "dated.sig"]);
    assert.equal(code, 0);
    assert.equal(/^basis modified +(.*)$/m.exec(out)![1], text);
  }
  assert.doesNotMatch((await run(folder, ["info", "basis.sig"])).out, /modified/);
});
