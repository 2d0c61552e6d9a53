/** Commands of deltas in each format, most of them right. */
import type { Format } from "../src/formats/format.ts";
import { type Bytes, bytesOf, copyHead, dataHead, deltaHead, u32, varint, zigzag } from "./_hostile.ts";
import { type Random, randomBytes } from "./_recipes.ts";

export const BASIS = randomBytes(1, 70_000);
export const BLOCK_LENGTH = 3;

/** Where numbers get longer, and where they end. */
const BORDERS = [0, 6, 7, 8, 13, 14, 15, 16, 20, 21, 27, 28, 31, 32, 35, 49, 52, 53, 63].map((n) => 2n ** BigInt(n));

function numberNear({ below }: Random, ...borders: bigint[]): bigint {
  const near = borders[below(borders.length)]! + BigInt(below(5) - 2);
  return near < 0n ? 0n : near;
}

/** Mostly small, now and then anything. */
function someLength(random: Random): bigint {
  return random.below(8) > 0 ? BigInt(1 + random.below(40)) : numberNear(random, ...BORDERS);
}

/** Mostly in the basis, often where it or a number ends, now and then anything. */
function someOffset(random: Random): bigint {
  const kind = random.below(12);
  if (kind === 0) return numberNear(random, ...BORDERS);
  if (kind < 3) return numberNear(random, BigInt(BASIS.length), 2n ** 8n, 2n ** 16n);
  return BigInt(random.below(kind < 6 ? 300 : BASIS.length));
}

/** A varint with as many bytes more as it need not have. */
function tooLong(value: bigint, more: number): Bytes {
  const bytes = varint(value);
  bytes[bytes.length - 1]! |= 128;
  return bytesOf(bytes, ...Array(more - 1).fill(128), 0);
}

export function bigEndian(value: bigint, length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => Number(BigInt.asUintN(8, value >> BigInt(8 * (length - 1 - i)))));
}

/** The longest copy of the rsync-streams format. */
const LONGEST = 2n ** 52n - 1n;

/** A delta with its start and its end, and commands that are right most of the time. */
export interface Grammar {
  start: Bytes;
  /** Commands after which the target has almost as many bytes as it may have. */
  far: Bytes;
  command(random: Random): Bytes;
  end: Bytes;
}

export const GRAMMARS: Readonly<Record<Format, Grammar>> = {
  "rsync-streams": {
    start: deltaHead(),
    far: bytesOf(
      ...[copyHead(LONGEST), zigzag(0n), copyHead(LONGEST - 50n), zigzag(-LONGEST)],
      ...[copyHead(1n), zigzag(60n - LONGEST)],
    ),
    command(random) {
      const { below } = random;
      const kind = below(60);
      const distance = BigInt(below(800) - 300);
      if (kind === 0) return tooLong(2n * someLength(random) + 1n, 1 + below(3));
      if (kind === 1) return bytesOf(copyHead(someLength(random)), tooLong(someOffset(random), 1 + below(3)));
      if (kind === 2) return bytesOf(copyHead(1n), zigzag(-someOffset(random)));
      if (kind === 3) return bytesOf(copyHead(0n), 0);
      if (kind < 20) return bytesOf(dataHead(BigInt(5 * kind - 15)), randomBytes(kind, 5 * kind - 15));
      return bytesOf(copyHead(someLength(random)), zigzag(below(6) > 0 ? distance : someOffset(random)));
    },
    end: bytesOf(0, 0),
  },
  librsync: {
    start: Uint8Array.of(0x72, 0x73, 0x02, 0x36),
    far: bytesOf(0x48, 0, bigEndian(2n ** 53n - 60n, 8)),
    command(random) {
      const { below } = random;
      const kind = below(60);
      if (kind === 0) return Uint8Array.of(below(256));
      if (kind < 8) return bytesOf(kind, randomBytes(kind, kind));
      if (kind < 12) {
        return bytesOf(0x39 + kind, bigEndian(BigInt(kind - 7), 1 << (kind - 8)), randomBytes(5, kind - 7));
      }
      if (kind < 14) return bytesOf(64, randomBytes(kind, 64));
      // Widths of 8 bytes are as right as others, and numbers are cut where theirs is less than they need.
      const widths = kind < 52 ? below(3) * 4 + below(3) : below(16);
      const [offsetLength, length] = [1 << (widths >> 2), 1 << (widths & 3)];
      return bytesOf(
        0x45 + widths,
        bigEndian(someOffset(random), offsetLength),
        bigEndian(someLength(random), length),
      );
    },
    end: Uint8Array.of(0),
  },
  luapower: {
    start: new Uint8Array(0),
    far: new Uint8Array(0),
    command(random) {
      const { below } = random;
      const kind = below(60);
      if (kind === 0) return Uint8Array.of(below(256));
      if (kind < 8) return bytesOf(1, u32(kind - 1), randomBytes(kind, kind - 1));
      const block = someOffset(random) / (below(8) > 0 ? BigInt(BLOCK_LENGTH) : 1n);
      return bytesOf(2, u32(Number(BigInt.asUintN(32, block))), Number(BigInt.asUintN(8, someLength(random))));
    },
    end: new Uint8Array(0),
  },
};

export const FORMATS = Object.keys(GRAMMARS) as Format[];
