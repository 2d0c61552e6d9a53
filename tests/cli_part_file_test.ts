/** What a pull keeps of answers until the file is there, piece by piece. */
import assert from "node:assert/strict";
import process from "node:process";
import { PartFile } from "../src/cli/part_file.ts";
import { replace } from "./_cli_inside.ts";
import { inFolder, names } from "./_cli_runner.ts";
import { withSlowFiles } from "./_slow_files.ts";
import { settle, until } from "./_until.ts";

const PART = ".f.rsync-streams.part";
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A test with the part of a file `f`, which has some bytes of an earlier pull, if it is told which. */
function test(
  name: string,
  kept: string | undefined,
  work: (part: PartFile, text: () => Promise<string>, folder: string) => Promise<void>,
): void {
  Deno.test(`PartFile ${name}`, () =>
    inFolder(async (folder) => {
      const path = `${folder}/${PART}`;
      if (kept !== undefined) await Deno.writeTextFile(path, kept);
      const part = await PartFile.open(`${folder}/f`);
      try {
        await work(part, () => Deno.readTextFile(path).catch(() => ""), folder);
      } finally {
        await part.close();
      }
    }));
}

/** An answer that a part keeps, with a body of these pieces, each read by itself. */
class Kept {
  pullCount = 0;
  reason: unknown;
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(part: PartFile, pieces: readonly string[], headers: HeadersInit = {}, status = 200) {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = pieces[this.pullCount++];
        if (piece === undefined) controller.close();
        else controller.enqueue(bytesOf(piece));
      },
      cancel: (reason) => void (this.reason = reason),
    }, { highWaterMark: 0 });
    this.response = part.keep(new Response(body, { status, headers }));
    this.#reader = this.response.body!.getReader();
  }

  async read(): Promise<string | undefined> {
    const { done, value } = await this.#reader.read();
    return done ? undefined : new TextDecoder().decode(value);
  }

  cancel(reason: unknown): Promise<void> {
    return this.#reader.cancel(reason);
  }
}

test("reads no answer ahead, and has kept each piece before it is passed on", undefined, async (_, text, folder) => {
  await withSlowFiles(async () => {
    const part = await PartFile.open(`${folder}/f`);
    const kept = new Kept(part, ["abc", "de"], { "X-Header": "1" }, 206);
    assert.deepEqual([kept.response.status, kept.response.headers.get("x-header")], [206, "1"]);
    await settle();
    assert.deepEqual([kept.pullCount, await names(folder)], [0, []]);
    assert.deepEqual([await kept.read(), await text(), kept.pullCount], ["abc", "abc", 1]);
    assert.deepEqual([await kept.read(), await text(), kept.pullCount], ["de", "abcde", 2]);
    assert.equal(await kept.read(), undefined);
    assert.deepEqual([part.length, part.addedLength], [0, 5]);
    await part.close();
  });
});

/** Answers that come at the same time. */
interface Layout {
  what: string;
  /** Lengths that the two answers tell, or all of their headers. */
  told: [HeadersInit, HeadersInit];
  /** Pieces in the order in which they come: small letters are those of the first answer. */
  pieces: string[];
  /** What is kept. */
  kept: string;
}

const length = (count: number | string) => ({ "Content-Length": String(count) });

const LAYOUTS: Layout[] = [
  { what: "as long as they say", told: [length(3), length(4)], pieces: ["aa", "BBB", "a", "B"], kept: "aaaBBBB" },
  { what: "of lengths that nobody knows", told: [{}, {}], pieces: ["aa", "BBB", "a", "a"], kept: "aaBBBaa" },
  { what: "the first longer than it says", told: [length(2), length(2)], pieces: ["aaa", "BB"], kept: "__BBaaa" },
  { what: "the last longer than it says", told: [length(2), length(2)], pieces: ["BB", "BB", "a"], kept: "a_BBBB" },
  {
    what: "the first compressed",
    told: [{ ...length(9), "Content-Encoding": "gzip" }, length(2)],
    pieces: ["aaaa", "BB"],
    kept: "BBaaaa",
  },
  { what: "of a length that is none", told: [length("3 B"), length(2)], pieces: ["aa", "BB"], kept: "BBaa" },
  { what: "of a length that is no file's", told: [length("9".repeat(16)), {}], pieces: ["aa", "BB"], kept: "aaBB" },
];

for (const { what, told, pieces, kept } of LAYOUTS) {
  test(`keeps two answers apart: ${what}`, "##", async (part, text) => {
    const isFirst = (piece: string) => piece === piece.toLowerCase();
    const answers = [
      new Kept(part, pieces.filter(isFirst), told[0]),
      new Kept(part, pieces.filter((piece) => !isFirst(piece)), told[1]),
    ];
    for (const piece of pieces) assert.equal(await answers[isFirst(piece) ? 0 : 1]!.read(), piece);
    assert.equal((await text()).replaceAll("\0", "_"), `##${kept}`);
    assert.deepEqual([part.length, part.addedLength], [2, kept.replaceAll("_", "").length]);
  });
}

test("has no gap where an answer ended early, broke off or was not wanted", "##", async (part, text) => {
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytesOf("bb")),
    pull: (controller) => controller.error("broken"),
  }, { highWaterMark: 0 });
  const short = new Kept(part, ["aa"], length(1000));
  assert.deepEqual([await short.read(), await short.read()], ["aa", undefined]);
  await assert.rejects(
    part.keep(new Response(broken, { headers: length(1000) })).bytes(),
    (error) => error === "broken",
  );
  const unwanted = new Kept(part, ["cc"], length(10 ** 12));
  await unwanted.cancel("enough");
  const last = new Kept(part, ["dd"], length(2));
  assert.equal(await last.read(), "dd");
  assert.equal(await text(), "##aabbdd");
});

test(
  "gives the place of an answer that ended early to no other while a later one is under way",
  "##",
  async (part, text) => {
    const short = new Kept(part, ["aa"], length(4));
    const later = new Kept(part, ["BB", "BB"], length(4));
    assert.deepEqual([await short.read(), await later.read(), await short.read()], ["aa", "BB", undefined]);
    const last = new Kept(part, ["ccc"], length(3));
    assert.deepEqual([await last.read(), await later.read()], ["ccc", "BB"]);
    assert.equal((await text()).replaceAll("\0", "_"), "##aa__BBBBccc");
  },
);

test("creates one file for two answers that have bytes at the same time", undefined, async (_, text, folder) => {
  await withSlowFiles(async (files) => {
    const part = await PartFile.open(`${folder}/f`);
    const answers = [new Kept(part, ["aa"]), new Kept(part, ["BB"])];
    files.events.length = 0;
    assert.deepEqual(await Promise.all(answers.map((answer) => answer.read())), ["aa", "BB"]);
    assert.equal(files.events.filter((event) => event === "open").length, 1);
    assert.equal(await text(), "aaBB");
    await part.close();
    assert.deepEqual([files.openCount, files.pendingCount], [0, 0]);
  });
});

test("keeps bodies of 200 and 206 alone", undefined, async (part, text) => {
  for (const status of [201, 203, 205, 207, 404, 503]) {
    const response = new Response(status === 205 ? null : "x", { status });
    assert.equal(part.keep(response), response, `${status}`);
    await response.body?.cancel();
  }
  const empty = new Response(null);
  assert.equal(part.keep(empty), empty);
  for (const status of [200, 206]) await new Kept(part, ["a"], {}, status).read();
  assert.equal(await text(), "aa");
});

test("cancels the answer with the reason that is given", undefined, async (part) => {
  const kept = new Kept(part, ["aa"]);
  await kept.cancel("enough");
  assert.equal(kept.reason, "enough");
});

test("reads what an earlier pull has left, and nothing of what it adds", "earlier", async (part) => {
  await new Kept(part, ["more"]).read();
  const read = async (offset: number, length: number) => {
    const buffer = new Uint8Array(length).fill(0x2e);
    const count = await part.readInto(buffer, offset);
    return [new TextDecoder().decode(buffer), count];
  };
  assert.deepEqual(await read(0, 3), ["ear", 3]);
  assert.deepEqual(await read(2, 5), ["rlier", 5]);
  assert.deepEqual(await read(4, 6), ["ier...", 3]);
  await part.close();
  await assert.rejects(read(0, 3), /^Error: Cannot read the part: it is closed$/);
});

test("is empty once what an earlier pull has left is of no use", "earlier", async (_, text, folder) => {
  await withSlowFiles(async () => {
    const part = await PartFile.open(`${folder}/f`);
    await part.empty();
    assert.equal(await text(), "");
    await new Kept(part, ["new"]).read();
    assert.equal(await text(), "new");
    await part.close();
  });
});

test("keeps nothing more on a disk that has failed, and passes everything on", undefined, async (_, text, folder) => {
  await withSlowFiles(async (files) => {
    const part = await PartFile.open(`${folder}/f`);
    const kept = new Kept(part, ["aa", "bb", "cc", "dd"]);
    let writeCount = 0;
    files.before = (name) => {
      if (name === "write" && ++writeCount === 2) throw new Error("ENOSPC");
    };
    for (const piece of ["aa", "bb", "cc", "dd", undefined]) assert.equal(await kept.read(), piece);
    assert.deepEqual([writeCount, await text(), part.addedLength], [2, "aa", 2]);
    await part.close();
  });
});

test("closes what it is creating, and keeps nothing afterwards", undefined, async (_, text, folder) => {
  await withSlowFiles(async (files) => {
    const part = await PartFile.open(`${folder}/f`);
    const kept = new Kept(part, ["aa", "bb"]);
    files.events.length = 0;
    const reading = kept.read();
    await until("a file that is created", () => files.events[0] === "open");
    await part.close();
    assert.deepEqual([files.events.includes("close done"), files.openCount], [true, 0]);
    assert.equal(await reading, "aa");
    const before = [await text(), files.events.length];
    assert.equal(await kept.read(), "bb");
    await part.close();
    assert.deepEqual([await text(), files.events.length], before);
  });
});

test("is closed, then removed, and only then done", "earlier", async (_, __, folder) => {
  await withSlowFiles(async (files) => {
    const part = await PartFile.open(`${folder}/f`);
    files.events.length = 0;
    await part.remove();
    assert.deepEqual(files.events, ["close", "close done", "unlink", "unlink done"]);
    assert.deepEqual(await names(folder), []);
    await part.remove();
    await part.close();
    assert.equal(files.events.length, 4, "there is nothing left to do");
  });
});

/** What is in the place of a part and is none, as it is made, and the user who looks. */
const FOREIGN: Record<string, [make: (target: string, path: string) => Promise<void>, isOther: boolean]> = {
  "another name of a file": [Deno.link, false],
  "a link": [Deno.symlink, false],
  "a file of another user": [Deno.rename, true],
};

for (const [what, [make, isOther]] of Object.entries(FOREIGN)) {
  test(`closes what it must not use, before it goes on without: ${what}`, undefined, async (_, __, folder) => {
    await Deno.writeTextFile(`${folder}/other`, "precious");
    await make(`${folder}/other`, `${folder}/${PART}`);
    const uid = process.getuid?.() ?? 0;
    const undo = replace(process, "getuid", () => isOther ? uid + 1 : uid);
    try {
      await withSlowFiles(async (files) => {
        const part = await PartFile.open(`${folder}/f`);
        assert.deepEqual([part.length, files.openCount, files.pendingCount], [0, 0, 0]);
        assert.equal(await new Kept(part, ["aa"]).read(), "aa");
        assert.equal(await Deno.readTextFile(`${folder}/${PART}`), "precious");
        await part.close();
      });
    } finally {
      undo();
    }
  });
}
