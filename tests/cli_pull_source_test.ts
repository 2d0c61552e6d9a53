/** What `pull` copies from, and how it finds out that there is nothing to do. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { UpdatePlan } from "rsync-streams/http";
import { isSame, PullSource } from "../src/cli/pull_source.ts";
import { inFolder } from "./_cli_runner.ts";
import { isWindows } from "./_fs.ts";
import { withSlowFiles } from "./_slow_files.ts";

const PART = ".f.rsync-streams.part";

async function write(folder: string, files: Record<string, string | undefined>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    if (text !== undefined) await Deno.writeTextFile(`${folder}/${name}`, text);
  }
}

Deno.test("PullSource reads a part and a file as one", async () => {
  const cases: [part: string | undefined, file: string | undefined][] = [
    ["p", undefined],
    ["part", undefined],
    [undefined, "a file"],
    ["part", "a file"],
    ["part", ""],
  ];
  for (const [part, file] of cases) {
    await inFolder(async (folder) => {
      await write(folder, { [PART]: part, f: file });
      const source = await PullSource.open(`${folder}/f`, undefined);
      const basis = source.basis!;
      const whole = (part ?? "") + (file ?? "");
      // An empty file may have bytes all the same.
      assert.equal(basis.size, file === "" ? undefined : whole.length);
      for (let offset = 0; offset <= whole.length + 1; offset++) {
        for (const length of [1, 3, 20]) {
          const rest = whole.slice(offset);
          // A read ends where the part does.
          const isInPart = offset < (part ?? "").length;
          const expected = rest.slice(0, isInPart ? Math.min(length, part!.length - offset) : length);
          const buffer = new Uint8Array(length);
          const count = await basis.readInto!(buffer, offset);
          const place = `${length} bytes at ${offset} of ${whole}`;
          assert.equal(new TextDecoder().decode(buffer.subarray(0, count)), expected, place);
          assert.equal(new TextDecoder().decode(await basis.read(offset, length)), expected, place);
        }
      }
      await source.close();
    });
  }
});

Deno.test("PullSource has no basis where there is neither a part nor a file", async () => {
  await inFolder(async (folder) => {
    for (const kept of [undefined, ""]) {
      await write(folder, { [PART]: kept });
      const source = await PullSource.open(`${folder}/f`, undefined);
      assert.equal(source.basis, undefined);
      await source.close();
    }
  });
});

Deno.test({
  name: "PullSource copies nothing from a pipe or a device that is written to, and does not open it",
  ignore: isWindows,
  async fn() {
    await inFolder(async (folder) => {
      await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
      await withSlowFiles(async (files) => {
        for (const path of [`${folder}/pipe`, "/dev/null"]) {
          const source = await PullSource.open(path, undefined);
          assert.deepEqual([source.basis, files.openCount], [undefined, 0], path);
          await source.close();
        }
      });
    });
  },
});

Deno.test("PullSource has closed everything by the time that it is closed", async () => {
  await inFolder(async (folder) => {
    await write(folder, { [PART]: "part", f: "a file", g: "another" });
    await withSlowFiles(async (files) => {
      for (const basisPath of [undefined, `${folder}/g`]) {
        const source = await PullSource.open(`${folder}/f`, basisPath);
        assert.equal(files.openCount, 2);
        await source.close();
        assert.deepEqual([files.openCount, files.pendingCount], [0, 0]);
      }
    });
  });
});

Deno.test("isSame() compares length and digest, and reads no file of another length", async () => {
  await inFolder(async (folder) => {
    await write(folder, { f: "abc" });
    const digest = createHash("sha256").update("abc").digest("hex");
    const other = createHash("sha256").update("abd").digest("hex");
    const ask = (path: string, fileLength: number | undefined, digest: string | undefined) => {
      return isSame(`${folder}/${path}`, { fileLength, digest } as UpdatePlan);
    };
    await withSlowFiles(async (files) => {
      const seen: [boolean, number][] = [];
      for (const [length, sum] of [[3, digest], [3, other], [2, digest], [undefined, undefined]] as const) {
        seen.push([await ask("f", length, sum), files.openedCount]);
      }
      assert.deepEqual(seen, [[true, 1], [false, 2], [false, 2], [false, 2]]);
      assert.equal(await ask("none", 3, digest), false);
      assert.equal(await ask(".", (await Deno.stat(folder)).size, digest), false);
    });
  });
});
