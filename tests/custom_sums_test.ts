/** Sums of the user's own, which may return anything. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type RollingSum, Rsync, type SigRecord, type StrongHash } from "rsync-streams/callbacks";
import { randomBytes } from "./_recipes.ts";

const BASIS = randomBytes(21, 1000);

/** Reads bytes once, all of them in the first call. */
function reads(bytes: Uint8Array) {
  let isRead = false;
  return (buffer: Uint8Array) => {
    if (isRead) return 0;
    isRead = true;
    buffer.set(bytes);
    return bytes.length;
  };
}

/** A weak sum that adds bytes, with some of it replaced. */
function weak(other: Record<string, unknown> = {}): RollingSum {
  let sum = 0;
  return {
    reset: () => void (sum = 0),
    update: (bytes: Uint8Array) => bytes.forEach((byte) => sum += byte),
    rotate: (out: number, into: number) => void (sum += into - out),
    digest: () => sum,
    ...other,
  };
}

/** A strong sum of the last four bytes, with some of it replaced. */
function strong(other: Record<string, unknown> = {}): StrongHash {
  let sum = new Uint8Array(4);
  return {
    length: 4,
    reset: () => {},
    update: (bytes: Uint8Array) => void (sum = bytes.slice(-4)),
    digest: () => sum,
    ...other,
  };
}

type Bad = [what: string, other: Record<string, unknown>, error: { name: string; message: RegExp }];

const later = () => Promise.resolve();

const BAD_WEAK: Bad[] = [
  ["undefined", { digest: () => {} }, {
    name: "TypeError",
    message: /weakSum: its digest\(\) returned undefined, an int/,
  }],
  ["a string", { digest: () => "12" }, { name: "TypeError", message: /returned a string/ }],
  ["a bigint", { digest: () => 12n }, { name: "TypeError", message: /returned a bigint/ }],
  ["a promise", { digest: () => Promise.resolve(12) }, { name: "TypeError", message: /returned a promise/ }],
  ["NaN", { digest: () => NaN }, { name: "RangeError", message: /returned NaN/ }],
  ["a fraction", { digest: () => 1.5 }, { name: "RangeError", message: /returned 1.5/ }],
  ["2^53", { digest: () => 2 ** 53 }, { name: "RangeError", message: /returned 9007199254740992/ }],
  ["a promise of its update", { update: later }, {
    name: "TypeError",
    message: /update\(\) returned a promise/,
  }],
  ["a promise of its reset", { reset: later }, {
    name: "TypeError",
    message: /reset\(\) returned a promise/,
  }],
];

const BAD_STRONG: Bad[] = [
  ["undefined", { digest: () => {} }, {
    name: "TypeError",
    message: /strongSum: its digest\(\) returned undefined, a Uin/,
  }],
  ["a string", { digest: () => "abcd" }, { name: "TypeError", message: /returned a string, a Uint8Array of 4 bytes/ }],
  ["an array", { digest: () => [1, 2, 3, 4] }, { name: "TypeError", message: /returned an object of Array/ }],
  ["a buffer", { digest: () => new ArrayBuffer(4) }, { name: "TypeError", message: /an object of ArrayBuffer/ }],
  ["another view", { digest: () => new Uint16Array(4) }, { name: "TypeError", message: /an object of Uint16Array/ }],
  ["a promise", { digest: () => Promise.resolve(new Uint8Array(4)) }, {
    name: "TypeError",
    message: /returned a promise/,
  }],
  ["too few bytes", { digest: () => new Uint8Array(3) }, { name: "RangeError", message: /3 bytes, 4 were expected/ }],
  ["too many bytes", { digest: () => new Uint8Array(32) }, {
    name: "RangeError",
    message: /32 bytes, 4 were expected/,
  }],
  ["a promise of its update", { update: later }, {
    name: "TypeError",
    message: /update\(\) returned a promise/,
  }],
  ["a promise of its reset", { reset: later }, {
    name: "TypeError",
    message: /reset\(\) returned a promise/,
  }],
];

/** The signature and the search, each with sums that are right but for one. */
async function assertRefused(create: (isBad: boolean) => Rsync, error: object): Promise<void> {
  await assert.rejects(create(true).genSigsFile(reads(BASIS), () => {}), error);
  const parts: Uint8Array[] = [];
  await create(false).genSigsFile(reads(BASIS), (bytes) => parts.push(bytes.slice()));
  const rsync = create(true);
  const sigs = await rsync.loadSigsFile(reads(parts[0]!));
  await assert.rejects(rsync.genDeltasFile(reads(BASIS), sigs, () => {}), error);
}

for (const [what, other, error] of BAD_WEAK) {
  Deno.test(`Rsync refuses a weak sum that returns ${what}`, async () => {
    const create = (isBad: boolean) =>
      new Rsync({ blockLength: 100, weakSum: () => weak(isBad ? other : {}), strongSum: () => strong() });
    await assertRefused(create, error);
  });
}

for (const [what, other, error] of BAD_STRONG) {
  Deno.test(`Rsync refuses a strong sum that returns ${what}`, async () => {
    const create = (isBad: boolean) =>
      new Rsync({ blockLength: 100, weakSum: () => weak(), strongSum: () => strong(isBad ? other : {}) });
    await assertRefused(create, error);
  });
}

Deno.test("Rsync refuses a weak sum that returns a promise of its rotate", async () => {
  const rsync = new Rsync({ blockLength: 100, weakSum: () => weak({ rotate: later }), strongSum: () => strong() });
  const parts: Uint8Array[] = [];
  await rsync.genSigsFile(reads(BASIS), (bytes) => parts.push(bytes.slice()));
  const sigs = await rsync.loadSigsFile(reads(parts[0]!));
  const refused = { name: "TypeError", message: /rotate\(\) returned a promise/ };
  await assert.rejects(rsync.genDeltasFile(reads(BASIS.subarray(1)), sigs, () => {}), refused);
});

Deno.test("Rsync shrinks a weak sum at the end of the target, and refuses a promise of that", async () => {
  const seen: number[] = [];
  const create = (shrink: (out: number) => unknown) =>
    new Rsync({ blockLength: BASIS.length, weakSum: () => weak({ shrink }), strongSum: () => strong() });
  const rsync = create((out) => void seen.push(out));
  const parts: Uint8Array[] = [];
  await rsync.genSigsFile(reads(BASIS), (bytes) => parts.push(bytes.slice()));
  const sigs = await rsync.loadSigsFile(reads(parts[0]!));
  // The same weak sum and another strong sum: the window that starts a byte later is shorter.
  const target = BASIS.toReversed();
  const { falseAlarms } = await rsync.genDeltasFile(reads(target), sigs, () => {});
  assert.deepEqual([falseAlarms, seen], [1, [target[0]]]);
  const bad = create(later);
  const own = await bad.loadSigsFile(reads(parts[0]!));
  const refused = { name: "TypeError", message: /weakSum: its shrink\(\) returned a promise/ };
  await assert.rejects(bad.genDeltasFile(reads(target), own, () => {}), refused);
});

Deno.test("Rsync refuses a strong sum whose length is not an integer from 1 to 255", () => {
  const lengths = [[0, "RangeError"], [-1, "RangeError"], [1.5, "RangeError"], [256, "RangeError"], [
    NaN,
    "RangeError",
  ]];
  for (const [length, name] of [...lengths, ["4", "TypeError"], [undefined, "TypeError"], [4n, "TypeError"]]) {
    assert.throws(() => new Rsync({ strongSum: () => strong({ length }) }), {
      name,
      message: /strongSum: its length is .*, an integer from 1 to 255 was expected/,
    });
  }
});

Deno.test("Rsync takes strong sums of 1 to 255 bytes", async () => {
  for (const length of [1, 2, 254, 255]) {
    const strongSum = () => strong({ length, digest: () => new Uint8Array(length).fill(7) });
    const rsync = new Rsync({ strongSum, blockLength: BASIS.length });
    const records: SigRecord[] = [];
    await rsync.genSigs(reads(BASIS), (record) => void records.push(record));
    assert.deepEqual(records.map(({ strong }) => strong), [new Uint8Array(length).fill(7)]);
  }
});

Deno.test("Rsync refuses strong sums of several lengths", () => {
  let length = 4;
  const rsync = new Rsync({ strongSum: () => strong({ length: length++ }) });
  const refused = { name: "RangeError", message: /length [56], 4 as before was expected/ };
  return assert.rejects(rsync.genSigsFile(reads(BASIS), () => {}), refused);
});

Deno.test("Rsync says what a factory of sums made instead", () => {
  const made: [value: unknown, message: RegExp][] = [
    [undefined, /made undefined, an object with a method reset\(\) was expected/],
    [null, /made null/],
    [Promise.resolve(weak()), /made a promise/],
    [{ reset() {} }, /made an object of Object, an object with a method update\(\) was expected/],
  ];
  for (const [value, message] of made) {
    assert.throws(() => new Rsync({ weakSum: () => value as RollingSum }), { name: "TypeError", message });
    assert.throws(() => new Rsync({ strongSum: () => value as StrongHash }), { name: "TypeError", message });
  }
  const weakSum = () => weak({ shrink: 1 });
  assert.throws(() => new Rsync({ weakSum }), { name: "TypeError", message: /a method shrink\(\) was expected/ });
});

Deno.test("Rsync takes a weak sum as the low 32 bits of any integer, and a Buffer as a strong sum", async () => {
  const gen = async (weakSum: () => RollingSum) => {
    const records: SigRecord[] = [];
    const strongSum = () => strong({ digest: () => Buffer.from([1, 2, 3, 4]) });
    await new Rsync({ blockLength: 500, weakSum, strongSum }).genSigs(reads(BASIS), (record) => records.push(record));
    return records;
  };
  const strongs = Uint8Array.of(1, 2, 3, 4);
  for (const [digest, sum] of [[-1, 2 ** 32 - 1], [2 ** 40 + 7, 7], [2 ** 32 - 1, 2 ** 32 - 1]]) {
    const record = { weak: sum, strong: strongs };
    assert.deepEqual(await gen(() => weak({ digest: () => digest })), [record, record]);
  }
});

Deno.test("Rsync.loadSigs() refuses what is no record", async () => {
  const rsync = new Rsync({ strongSum: () => strong() });
  const bytes = new Uint8Array(4);
  const bad: [record: unknown, name: string, message: RegExp][] = [
    [null, "TypeError", /null was given, \{ weak, strong \} was expected/],
    ["abc", "TypeError", /a string was given/],
    [{ weak: 1 }, "TypeError", /strong sum is undefined, a Uint8Array of 4 bytes was expected/],
    [{ weak: 1, strong: new Uint8Array(5) }, "TypeError", /5 bytes, a Uint8Array of 4/],
    [{ weak: "1", strong: bytes }, "TypeError", /weak sum of a record.*"1" was given/],
    [{ weak: 1.5, strong: bytes }, "RangeError", /weak sum of a record.*1.5 was given/],
    [{ weak: -1, strong: bytes }, "RangeError", /-1 was given/],
    [{ weak: 2 ** 32, strong: bytes }, "RangeError", /4294967296 was given/],
  ];
  for (const [record, name, message] of bad) {
    await assert.rejects(rsync.loadSigs(() => record as SigRecord), { name, message }, String(message));
  }
});
