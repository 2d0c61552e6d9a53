/** Files and their edits for fast-check. Bytes come from recipes, so that a counterexample is short enough to read. */
import fc from "fast-check";
import type { Chunking } from "./_helpers.ts";
import { concat, make } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const seed = fc.integer({ min: 1, max: 2 ** 31 - 1 });

/** Noise, text, few symbols, a run of one byte, a short period: what files are made of. */
function piece(most: number): fc.Arbitrary<Bytes> {
  const len = fc.integer({ min: 0, max: most });
  const recipe = fc.oneof(
    fc.record({ gen: fc.constant("rand"), seed, len }),
    fc.record({ gen: fc.constant("text"), seed, len }),
    fc.record({ gen: fc.constant("alpha"), seed, len, symbols: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ gen: fc.constant("fill"), len, byte: fc.constantFrom(0, 255) }),
    fc.record({ gen: fc.constant("periodic"), seed, len, period: fc.integer({ min: 1, max: 70 }) }),
  );
  return recipe.map((one) => make(one));
}

const basisBytes = fc.array(piece(1800), { maxLength: 3 }).map(concat);

/** An edit: `at`, `to` and `length` are taken modulo what there is. */
const edit = fc.record({
  kind: fc.constantFrom("insert", "delete", "move", "duplicate", "flip", "fromBasis"),
  at: fc.nat(6000),
  to: fc.nat(6000),
  length: fc.nat(900),
  data: piece(120),
});

type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function applyEdit(bytes: Bytes, { kind, at, to, length, data }: Edit, basis: Bytes): Bytes {
  const start = at % (bytes.length + 1);
  const end = Math.min(bytes.length, start + length);
  const cut = bytes.subarray(start, end);
  const rest = concat([bytes.subarray(0, start), bytes.subarray(end)]);
  const put = to % (rest.length + 1);
  switch (kind) {
    case "insert":
      return concat([bytes.subarray(0, start), data, bytes.subarray(start)]);
    case "delete":
      return rest;
    case "move":
      return concat([rest.subarray(0, put), cut, rest.subarray(put)]);
    case "duplicate":
      return concat([bytes.subarray(0, end), cut, bytes.subarray(end)]);
    case "flip": {
      const out = bytes.slice();
      if (start < out.length) out[start]! ^= 1 + length % 255;
      return out;
    }
    default: {
      const from = to % (basis.length + 1);
      return concat([bytes.subarray(0, start), basis.subarray(from, from + length), bytes.subarray(start)]);
    }
  }
}

/** A basis, and a target that is the basis edited, or new. */
export const files = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(basisBytes, fc.array(edit, { maxLength: 5 })).map(([basis, edits]) => ({
      basis,
      target: edits.reduce((bytes, one) => applyEdit(bytes, one, basis), basis),
    })),
  },
  { weight: 1, arbitrary: fc.record({ basis: basisBytes, target: piece(3000) }) },
);

const chunking: fc.Arbitrary<Chunking> = fc.oneof(
  fc.constant<Chunking>("whole"),
  fc.integer({ min: 1, max: 900 }),
  fc.record({ seed, most: fc.integer({ min: 1, max: 900 }) }),
);
/** How each of four stages gets its input. */
export const chunkings = fc.tuple(chunking, chunking, chunking, chunking);
