/** Files of many kinds, the same on each machine: made from seeds, and the golden files, which never change. */
import { concat, make, randomBytes, xorshift } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface NamedFile {
  readonly name: string;
  readonly bytes: Bytes;
}

const VECTORS = new URL("vectors/", import.meta.url);
const GOLDEN = ["librsync.json", "luapower.json", "sums.json", "make_rsync_streams.py", "librsync.md"];
/** The longest file: BLAKE2b of the portable backend takes 60 ms for each MB. */
const MAX_LENGTH = 250_000;

/** Lines of text, up to a length. */
function lines(length: number, line: (i: number) => string): Bytes {
  const parts: string[] = [];
  for (let i = 0, sum = 0; sum < length; i++) sum += parts[parts.push(line(i)) - 1]!.length;
  return new TextEncoder().encode(parts.join("").slice(0, length));
}

/** What files are made like: a seed and a length make one. */
const KINDS: Record<string, (seed: number, length: number) => Bytes> = {
  "noise, as of a compressed file": randomBytes,
  "prose": (seed, len) => make({ gen: "text", seed, len }),
  "a log": (seed, length) => {
    const { below } = xorshift(seed);
    return lines(length, (i) => `2024-02-29T12:${i % 60}:00Z host${below(3)} job[${i}]: took ${below(1000)} ms\n`);
  },
  "a table": (seed, length) => {
    const { below } = xorshift(seed);
    return lines(length, (i) => `${i},${below(100)},${below(7) ? "" : "some words"},0,0,0\n`);
  },
  "code of a machine": (seed, length) => {
    const { below } = xorshift(seed);
    // Few opcodes, small operands, addresses that grow.
    return Uint8Array.from({ length }, (_, i) => [0x48, 0x8b + below(4), below(16) * 8, i >> 12][i % 4]!);
  },
  "an image of a disk": (seed, length) => {
    const { below } = xorshift(seed);
    const pages = Array.from({ length: Math.ceil(length / 4096) }, (_, i) => {
      return below(3) ? new Uint8Array(4096) : concat([randomBytes(seed + i, 2048), new Uint8Array(2048)]);
    });
    return concat(pages).slice(0, length);
  },
  "flash memory": (seed, length) => {
    return concat([randomBytes(seed, length >> 2), new Uint8Array(length - (length >> 2)).fill(0xff)]);
  },
  "a short period": (seed, len) => make({ gen: "periodic", seed, period: 300, len }),
};

const LENGTHS = [1_500, 20_003, 65_536, 200_001];

/** The files, by kinds. */
export async function corpus(): Promise<NamedFile[]> {
  const made = Object.entries(KINDS).flatMap(([kind, make], k) => {
    return LENGTHS.map((length, i) => ({ name: `${kind}, ${length} bytes`, bytes: make(10 * k + i + 1, length) }));
  });
  const golden = await Promise.all(GOLDEN.map(async (name) => {
    const bytes = await Deno.readFile(new URL(name, VECTORS));
    return { name: `vectors/${name}`, bytes: bytes.slice(0, MAX_LENGTH) };
  }));
  return [...made, ...golden];
}
