import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { MakeSha256 } from "../src/digest/interface.ts";
import { createSha256 } from "../src/digest/mod.ts";
import { nodeSha256 } from "../src/digest/node_sha256.ts";
import { lastBlocks } from "../src/digest/padding.ts";
import { portableSha256 } from "../src/digest/portable_sha256.ts";
import { wasmSha256 } from "../src/digest/wasm_sha256.ts";
import { createSha256WithoutWasm } from "../src/digest/without_wasm.ts";
import { hex } from "./_helpers.ts";
import { concat, randomBytes } from "./_recipes.ts";

const IS_SLOW = Deno.env.get("RSYNC_STREAMS_SLOW") === "1";
/** Bytes that the wasm module takes at a time. */
const PIECE = 65_536;

const MAKERS: Record<string, MakeSha256> = {
  createSha256,
  nodeSha256: nodeSha256()!,
  wasmSha256: wasmSha256()!,
  portableSha256: portableSha256(),
  createSha256WithoutWasm,
};

/** SHA-256 in hexadecimal, of bytes that are given `times` times. */
function sumOf(make: MakeSha256, bytes: Uint8Array, times = 1): string {
  const digest = make();
  for (let i = 0; i < times; i++) digest.update(bytes);
  const sum = hex(digest.digest());
  digest.release();
  return sum;
}

function expectedSum(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function filled(length: number, byte: number): Uint8Array {
  return new Uint8Array(length).fill(byte);
}

// ---- the sums

/** Examples of FIPS 180-4 and further ones of NIST. */
const PUBLISHED: [what: string, bytes: Uint8Array, sum: string][] = [
  ["no bytes", utf8(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", utf8("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "448 bits",
    utf8("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  ],
  [
    "896 bits",
    utf8(
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn" +
        "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    ),
    "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
  ],
  ["0xbd", filled(1, 0xbd), "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"],
  [
    "0xc98c8e55",
    Uint8Array.of(0xc9, 0x8c, 0x8e, 0x55),
    "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504",
  ],
  ["55 zeros", filled(55, 0), "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"],
  ["56 zeros", filled(56, 0), "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"],
  ["57 zeros", filled(57, 0), "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"],
  ["64 zeros", filled(64, 0), "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"],
  ["1,000 zeros", filled(1000, 0), "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"],
  ["1,000 times 0x41", filled(1000, 0x41), "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"],
  ["1,005 times 0x55", filled(1005, 0x55), "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0"],
  ["a million zeros", filled(1e6, 0), "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025"],
  ["a million times a", filled(1e6, 0x61), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
];

for (const [name, make] of Object.entries(MAKERS)) {
  Deno.test(`${name} gives the published sums`, () => {
    for (const [what, bytes, sum] of PUBLISHED) assert.equal(sumOf(make, bytes), sum, what);
  });

  Deno.test(`${name} gives the sums of all lengths around blocks and pieces`, () => {
    const bytes = randomBytes(1, 2 * PIECE + 70);
    const lengths = Array.from({ length: 301 }, (_, length) => length);
    for (const border of [512, 1024, PIECE, 2 * PIECE]) {
      for (let by = -66; by <= 66; by++) lengths.push(border + by);
    }
    for (const length of lengths) {
      const part = bytes.subarray(0, length);
      assert.equal(sumOf(make, part), expectedSum(part), `${length} bytes`);
    }
  });

  Deno.test(`${name} does not depend on how the updates are cut`, () => {
    const bytes = randomBytes(2, 3 * PIECE);
    const length = fc.oneof(fc.nat(3), fc.nat(130), fc.integer({ min: PIECE - 70, max: PIECE + 70 }));
    fc.assert(fc.property(fc.array(length, { maxLength: 12 }), (lengths) => {
      const digest = make();
      let at = 0;
      for (const length of lengths) digest.update(bytes.subarray(at, at += length));
      digest.update(bytes.subarray(at));
      assert.equal(hex(digest.digest()), expectedSum(bytes));
    }));
  });

  Deno.test(`${name} takes single bytes`, () => {
    const bytes = randomBytes(3, 1_000);
    const digest = make();
    for (const byte of bytes) digest.update(Uint8Array.of(byte));
    assert.equal(hex(digest.digest()), expectedSum(bytes));
  });

  Deno.test(`${name} does not mix up digests that are open at once`, () => {
    const piece = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(randomBytes(4, PIECE + 5)));
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(4), piece), { maxLength: 40 }), (updates) => {
      const digests = Array.from({ length: 5 }, make);
      for (const [which, bytes] of updates) digests[which]!.update(bytes);
      for (const [which, digest] of digests.entries()) {
        const own = updates.filter(([number]) => number === which).map(([, bytes]) => bytes);
        assert.equal(hex(digest.digest()), expectedSum(concat(own)));
      }
    }));
  });

  Deno.test(`${name} takes part of a buffer, and keeps none of it`, () => {
    const buffer = randomBytes(5, 300);
    const part = buffer.subarray(17, 217);
    const expected = expectedSum(part);
    const digest = make();
    digest.update(part);
    buffer.fill(0);
    assert.equal(hex(digest.digest()), expected);
  });

  Deno.test(`${name} returns 32 bytes that are the caller's own`, () => {
    const [first, second] = [make(), make()];
    second.update(utf8("abc"));
    const sum = first.digest();
    second.digest().fill(0);
    assert.equal(sum.constructor, Uint8Array);
    assert.equal(sum.buffer.byteLength, 32);
    assert.equal(hex(sum), PUBLISHED[0]![2]);
  });

  Deno.test(`${name} refuses to go on once the digest has ended`, () => {
    const ended = { message: "Cannot use the digest: it has ended, one that is open was expected" };
    const [taken, released] = [make(), make()];
    taken.digest();
    released.update(utf8("abc"));
    released.release();
    for (const digest of [taken, released]) {
      assert.throws(() => digest.update(utf8("abc")), ended);
      assert.throws(() => digest.digest(), ended);
      digest.release();
      digest.release();
    }
  });

  Deno.test(`${name} opens 100,000 digests at once in bounded memory`, () => {
    const bytes = randomBytes(6, 100);
    const before = Deno.memoryUsage().rss;
    const digests = Array.from({ length: 100_000 }, make);
    for (const digest of digests) digest.update(bytes);
    const each = (Deno.memoryUsage().rss - before) / digests.length;
    assert.ok(each < 4_000, `${each} bytes each`);
    for (const digest of digests) digest.update(bytes);
    assert.equal(hex(digests[77_777]!.digest()), expectedSum(concat([bytes, bytes])));
  });

  // NIST's example of 2^32 bits.
  Deno.test({ name: `${name} counts bits beyond 32 bits`, ignore: !IS_SLOW }, () => {
    const expected = "15a1868c12cc53951e182344277447cd0979536badcc512ad24c67e9b2d4f3dd";
    assert.equal(sumOf(make, filled(2 ** 20, 0x5a), 512), expected);
  });
}

Deno.test("lastBlocks() ends the message with its length in bits, up to 2^53 bytes", () => {
  for (const length of [0, 55, 56, 63, 64, 2 ** 29 - 1, 2 ** 29, 2 ** 32 + 7, Number.MAX_SAFE_INTEGER]) {
    const left = filled(length % 64, 1);
    const blocks = lastBlocks(left, length);
    assert.equal(blocks.length, length % 64 < 56 ? 64 : 128);
    const bits = (8n * BigInt(length)).toString(16).padStart(16, "0");
    const zeros = "00".repeat(blocks.length - left.length - 9);
    assert.equal(hex(blocks), hex(left) + "80" + zeros + bits);
  }
});

for (const name of ["wasmSha256", "portableSha256"]) {
  Deno.test({ name: `${name} counts bytes beyond 4 GiB`, ignore: !IS_SLOW }, () => {
    const bytes = randomBytes(7, 2 ** 24 + 1);
    assert.equal(sumOf(MAKERS[name]!, bytes, 257), sumOf(MAKERS.nodeSha256!, bytes, 257));
  });
}

// ---- the choice

/** Sets a global for as long as `use` runs. */
async function withGlobal(holder: object, name: string, value: unknown, use: () => unknown): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(holder, name)!;
  Object.defineProperty(holder, name, { value, configurable: true, writable: true });
  try {
    await use();
  } finally {
    Object.defineProperty(holder, name, before);
  }
}

/** Imports `createSha256` of a copy of the module that has made no choice yet. */
async function freshCreateSha256(): Promise<MakeSha256> {
  const module = await import(new URL(`../src/digest/mod.ts?${crypto.randomUUID()}`, import.meta.url).href);
  return module.createSha256;
}

for (
  const [what, process] of Object.entries({
    "no process": undefined,
    "a process without builtins": {},
    "no node:crypto": { getBuiltinModule: () => undefined },
    "a node:crypto without hashes": { getBuiltinModule: () => ({}) },
    "a node:crypto that throws": {
      getBuiltinModule: () => {
        throw new Error("no OpenSSL");
      },
    },
  })
) {
  Deno.test(`createSha256() falls through to WebAssembly where there is ${what}`, async () => {
    let made = 0;
    const Instance = class extends WebAssembly.Instance {
      constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
        super(module, imports);
        made++;
        // A page for the state and the module's data, and one for bytes.
        assert.equal((imports.env!.memory as WebAssembly.Memory).buffer.byteLength, 2 * PIECE);
      }
    };
    await withGlobal(globalThis, "process", process, async () => {
      assert.equal(nodeSha256(), undefined);
      const create = await freshCreateSha256();
      await withGlobal(WebAssembly, "Instance", Instance, () => {
        for (const [, bytes, sum] of PUBLISHED) assert.equal(sumOf(create, bytes), sum);
      });
    });
    assert.equal(made, 1, "one instance for all digests");
  });
}

Deno.test("createSha256() prefers node:crypto, and compiles nothing then", async () => {
  const refuse = () => assert.fail("compiled");
  await withGlobal(WebAssembly, "Module", refuse, async () => {
    const create = await freshCreateSha256();
    assert.equal(sumOf(create, utf8("abc")), PUBLISHED[1]![2]);
  });
});

Deno.test("createSha256WithoutWasm() compiles nothing where there is no node:crypto", async () => {
  const refuse = () => assert.fail("compiled");
  await withGlobal(globalThis, "process", undefined, () =>
    withGlobal(WebAssembly, "Module", refuse, async () => {
      const url = new URL(`../src/digest/without_wasm.ts?${crypto.randomUUID()}`, import.meta.url).href;
      const { createSha256WithoutWasm } = await import(url);
      for (const [, bytes, sum] of PUBLISHED) assert.equal(sumOf(createSha256WithoutWasm, bytes), sum);
    }));
});

Deno.test("createSha256() tries to compile once, at the first call, and falls back without an error", async () => {
  let tries = 0;
  function refuse() {
    tries++;
    throw new WebAssembly.CompileError("refused by a content security policy");
  }
  await withGlobal(globalThis, "process", undefined, () =>
    withGlobal(WebAssembly, "Module", refuse, async () => {
      const create = await freshCreateSha256();
      assert.equal(tries, 0);
      for (const [, bytes, sum] of PUBLISHED) assert.equal(sumOf(create, bytes), sum);
      assert.equal(tries, 1);
    }));
});

Deno.test("createSha256() works where there is no WebAssembly", async () => {
  await withGlobal(
    globalThis,
    "process",
    undefined,
    () =>
      withGlobal(globalThis, "WebAssembly", undefined, async () => {
        assert.equal(wasmSha256(), undefined);
        const create = await freshCreateSha256();
        assert.equal(sumOf(create, utf8("abc")), PUBLISHED[1]![2]);
      }),
  );
});
