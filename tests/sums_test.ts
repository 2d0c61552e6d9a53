import assert from "node:assert/strict";
import { blake2b } from "@noble/hashes/blake2.js";
import { blake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { Blake2b } from "../src/kernel/portable/blake2b.ts";
import { Blake2sp } from "../src/kernel/portable/blake2sp.ts";
import { Blake3 } from "../src/kernel/portable/blake3.ts";
import { Md4 } from "../src/kernel/portable/md4.ts";
import { PortableKernel } from "../src/kernel/portable/kernel.ts";
import { RabinKarp } from "../src/kernel/portable/rabinkarp.ts";
import { Rollsum } from "../src/kernel/portable/rollsum.ts";
import type { RollingSum, StrongHash } from "../src/kernel/portable/sums.ts";
import { fromBase64, hex, makeSig, SALT } from "./_helpers.ts";
import { concat, make, randomBytes } from "./_recipes.ts";
import vectors from "./vectors/luapower.json" with { type: "json" };

type Bytes = Uint8Array<ArrayBuffer>;

const STRONG_SUMS: Record<string, () => StrongHash> = {
  blake2sp: () => new Blake2sp(),
  blake3: () => new Blake3(),
  blake2b: () => new Blake2b(),
  md4: () => new Md4(),
};

const ROLLING_SUMS: Record<string, () => RollingSum> = {
  rollsum: () => new Rollsum(),
  rabinkarp: () => new RabinKarp(),
};

function sumOf(hash: StrongHash, bytes: Uint8Array): string {
  hash.reset();
  hash.update(bytes, bytes.length);
  return hex(hash.digest());
}

/** The input of BLAKE3's published vectors. */
function counting(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => i % 251);
}

// ---- strong sums

Deno.test("Blake3 gives the published sums", () => {
  // github.com/BLAKE3-team/BLAKE3, test_vectors/test_vectors.json
  const published: [length: number, sum: string][] = [
    [0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"],
    [1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"],
    [1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"],
    [1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"],
    [31744, "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47"],
  ];
  for (const [length, sum] of published) assert.equal(sumOf(new Blake3(), counting(length)), sum, `${length} bytes`);
});

Deno.test("Blake3 gives the sums of noble-hashes in updates of any lengths, plain and keyed", () => {
  const bytes = randomBytes(31, 40 * 1024);
  const key = randomBytes(32, 32);
  const sums = [[new Blake3(), {}], [new Blake3(key), { key }]] as const;
  // Chunks have 1,024 bytes, and any number of them makes a tree of its own.
  const length = fc.oneof(fc.nat(bytes.length), fc.nat(40).map((chunks) => chunks * 1024));
  fc.assert(
    fc.property(length, fc.array(fc.nat(3000), { maxLength: 30 }), (length, pieces) => {
      for (const [sum, options] of sums) {
        sum.reset();
        let at = 0;
        for (const piece of [...pieces, length]) {
          const end = Math.min(length, at + piece);
          sum.update(bytes.subarray(at, end), end - at);
          at = end;
        }
        assert.equal(hex(sum.digest()), hex(blake3(bytes.subarray(0, length), options)));
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("Blake2b gives the published sums", () => {
  const abc = new TextEncoder().encode("abc");
  assert.equal(
    sumOf(new Blake2b(), new Uint8Array()),
    "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8",
  );
  assert.equal(sumOf(new Blake2b(), abc), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
});

Deno.test("Blake2sp gives the published sums", () => {
  // github.com/BLAKE2/BLAKE2, testvectors/blake2-kat.json: bytes 0, 1, 2 ... without a key
  const published: [length: number, sum: string][] = [
    [0, "dd0e891776933f43c7d032b08a917e25741f8aa9a12c12e1cac8801500f2ca4f"],
    [1, "a6b9eecc25227ad788c99d3f236debc8da408849e9a5178978727a81457f7239"],
  ];
  for (const [length, sum] of published) assert.equal(sumOf(new Blake2sp(), counting(length)), sum, `${length} bytes`);
});

Deno.test("Blake2sp gives the sums of the original's BLAKE2 in updates of any lengths", () => {
  for (const { recipe, blake2sp } of vectors.sums) {
    const bytes = make(recipe);
    fc.assert(
      fc.property(fc.array(fc.nat(700), { maxLength: 30 }), (lengths) => {
        const sum = new Blake2sp();
        let at = 0;
        for (const length of lengths) {
          const piece = bytes.subarray(at, at + length);
          sum.update(piece, piece.length);
          at += piece.length;
        }
        sum.update(bytes.subarray(at), bytes.length - at);
        assert.equal(hex(sum.digest()), blake2sp);
      }),
      { numRuns: 4 },
    );
  }
});

for (const [name, create] of Object.entries(STRONG_SUMS)) {
  Deno.test(`${name} does not depend on how the updates are split, and starts over after a reset`, () => {
    const piece = fc.uint8Array({ maxLength: 300 });
    fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), piece, fc.boolean(), (pieces, other, isEnded) => {
      const whole = concat(pieces);
      const expected = sumOf(create(), whole);
      const hash = create();
      hash.update(other, other.length);
      if (isEnded) hash.digest();
      hash.reset();
      for (const one of pieces) hash.update(one, one.length);
      assert.equal(hex(hash.digest()), expected);
    }));
  });

  Deno.test(`${name} takes as many bytes as it is told`, () => {
    const hash = create();
    hash.reset();
    hash.update(counting(100), 60);
    assert.equal(hex(hash.digest()), sumOf(create(), counting(60)));
  });
}

Deno.test("sigStream() writes the start of the keyed strong sum where strongLength is less", async () => {
  const basis = randomBytes(8, 300);
  const keyed: Record<"blake3" | "blake2b", (bytes: Uint8Array) => Uint8Array> = {
    blake3: (bytes) => blake3(bytes, { key: concat([SALT, new Uint8Array(16)]) }),
    blake2b: (bytes) => blake2b(bytes, { key: SALT, dkLen: 32 }),
  };
  for (const strongSum of ["blake3", "blake2b"] as const) {
    for (const strongLength of [2, 3, 10, 16, 31, 32]) {
      const options = { strongSum, strongLength, weakSum: "rollsum", blockLength: 100 } as const;
      const { bytes } = await makeSig(basis, options);
      for (let k = 0; k < 3; k++) {
        const at = 36 + k * (4 + strongLength) + 4;
        const expected = keyed[strongSum](basis.subarray(100 * k, 100 * k + 100)).subarray(0, strongLength);
        assert.equal(
          hex(bytes.subarray(at, at + strongLength)),
          hex(expected),
          `${strongSum}, ${strongLength} bytes, block ${k}`,
        );
      }
    }
  }
});

Deno.test({
  name: "md4 of 512 MiB has the high word of the length in bits",
  ignore: Deno.env.get("RSYNC_STREAMS_SLOW") !== "1",
  fn() {
    const blockLength = 2 ** 29;
    const params = { weakSum: "rollsum", strongSum: "md4", strongLength: 16, blockLength } as const;
    const zeros = new Uint8Array(2 ** 20);
    const summer = new PortableKernel().summer(params);
    for (let i = 1; i < 512; i++) assert.equal(summer.sum(zeros).count, 0);
    // head -c 512M /dev/zero | openssl dgst -provider legacy -md4
    assert.equal(hex(summer.sum(zeros).strong.subarray(0, 16)), "1ddb4210749e8db79d0240b66f7a2168");
  },
});

// ---- rolling sums

/** Rollsum by its definition: bytes enlarged by 31, their sum and the sum of the sums, modulo 2^16. */
function plainRollsum(bytes: Uint8Array): number {
  let s1 = 0;
  let s2 = 0;
  for (const byte of bytes) {
    s1 = (s1 + byte + 31) % 65_536;
    s2 = (s2 + s1) % 65_536;
  }
  return s2 * 65_536 + s1;
}

/** RabinKarp by its definition: a polynomial in 0x08104225 with the first coefficient 1, modulo 2^32. */
function plainRabinKarp(bytes: Uint8Array): number {
  let hash = 1n;
  for (const byte of bytes) hash = (hash * 0x08104225n + BigInt(byte)) % 2n ** 32n;
  return Number(hash);
}

const PLAIN: Record<string, (bytes: Uint8Array) => number> = { rollsum: plainRollsum, rabinkarp: plainRabinKarp };

for (const [name, create] of Object.entries(ROLLING_SUMS)) {
  Deno.test(`${name} is what its definition says, in updates of any lengths`, () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (pieces) => {
      const sum = create();
      for (const piece of pieces) sum.update(piece, piece.length);
      assert.equal(sum.digest() >>> 0, PLAIN[name]!(concat(pieces)));
    }));
  });

  Deno.test(`${name} rotated along is what it is computed afresh`, () => {
    const arbitrary = fc.tuple(
      fc.oneof(
        fc.uint8Array({ minLength: 2, maxLength: 400 }),
        fc.integer({ min: 2, max: 400 }).map((length) => new Uint8Array(length).fill(255)),
      ),
      fc.nat(),
    );
    fc.assert(fc.property(arbitrary, ([bytes, pick]) => {
      const window = 1 + pick % (bytes.length - 1);
      const rolled = create();
      rolled.update(bytes, window);
      for (let at = 0; at + window < bytes.length; at++) {
        rolled.rotate(bytes[at]!, bytes[at + window]!);
        assert.equal(
          rolled.digest() >>> 0,
          PLAIN[name]!(bytes.subarray(at + 1, at + 1 + window)),
          `window of ${window} at ${at + 1}`,
        );
      }
    }));
  });

  Deno.test(`${name} rotated over a window of a million bytes stays what it is afresh`, () => {
    const window = 1_000_000;
    const bytes = randomBytes(7, window + 50);
    const rolled = create();
    rolled.update(bytes, window);
    for (let at = 0; at < 50; at++) rolled.rotate(bytes[at]!, bytes[at + window]!);
    const fresh = create();
    fresh.update(bytes.subarray(50), window);
    assert.equal(rolled.digest(), fresh.digest());
  });

  Deno.test(`${name} starts over after a reset`, () => {
    const sum = create();
    sum.update(counting(99), 99);
    sum.rotate(0, 1);
    sum.reset();
    sum.update(counting(40), 40);
    assert.equal(sum.digest() >>> 0, PLAIN[name]!(counting(40)));
  });
}

Deno.test("a luapower signature holds the weak sums of Rollsum and the strong sums of Blake2sp", () => {
  const golden = vectors.cases.find(({ sig }) => sig.base64 && sig.len > 200)!;
  const sig = fromBase64(golden.sig.base64!);
  const basis = make(golden.basis.recipe);
  const view = new DataView(sig.buffer);
  for (let k = 0; k < golden.sig_count; k++) {
    const block = basis.subarray(k * golden.block_len, (k + 1) * golden.block_len);
    assert.equal(view.getUint32(36 * k, true), plainRollsum(block));
    assert.equal(hex(sig.subarray(36 * k + 4, 36 * k + 36)), sumOf(new Blake2sp(), block));
  }
});
