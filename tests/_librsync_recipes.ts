/** Makes the inputs of the librsync vectors (tests/vectors/librsync.md, "Generators" and "Edits"). */
import { concat, xorshift } from "./_recipes.ts";

/** How bytes are made. */
export interface Gen {
  gen: string;
  seed?: number;
  len?: number;
  byte?: number;
  hex?: string;
  period?: number;
  chars?: string;
  parts?: Gen[];
  of?: Gen;
  times?: number;
  from?: number;
  pieces?: (number | Gen)[][];
}

/** How bytes are changed. */
export interface Edit {
  op: string;
  at?: number;
  len?: number;
  data?: Gen;
  items?: number[][];
  seed?: number;
  count?: number;
}

/** The bytes of a generator. `basis` is what `old` takes slices of. */
export function generate(recipe: Gen, basis?: Uint8Array): Uint8Array<ArrayBuffer> {
  const { gen, seed = 0, len = 0 } = recipe;
  switch (gen) {
    case "prng":
      return randomBytes(seed, len);
    case "fill":
      return new Uint8Array(len).fill(recipe.byte!);
    case "hex":
      return Uint8Array.from(recipe.hex!.match(/../g) ?? [], (byte) => parseInt(byte, 16));
    case "count":
      return Uint8Array.from({ length: len }, (_, i) => i & 255);
    case "periodic": {
      const unit = randomBytes(seed, recipe.period!);
      return Uint8Array.from({ length: len }, (_, i) => unit[i % unit.length]!);
    }
    case "alphabet": {
      const { below } = xorshift(seed);
      const chars = recipe.chars!;
      return Uint8Array.from({ length: len }, () => chars.charCodeAt(below(chars.length)));
    }
    case "concat":
      return concat(recipe.parts!.map((part) => generate(part, basis)));
    case "repeat": {
      const unit = generate(recipe.of!, basis);
      return concat(Array.from({ length: recipe.times! }, () => unit));
    }
    case "old":
      return Uint8Array.from(basis!.subarray(recipe.from!, recipe.from! + len));
  }
  throw new Error(`unknown generator ${gen}`);
}

/** `len` random bytes, one step of the generator for each. */
function randomBytes(seed: number, len: number): Uint8Array<ArrayBuffer> {
  const { next } = xorshift(seed);
  return Uint8Array.from({ length: len }, () => next() & 255);
}

/** The target that edits make of a basis. */
export function edited(basis: Uint8Array, edits: Edit[]): Uint8Array<ArrayBuffer> {
  return edits.reduce((bytes, edit) => apply(bytes, edit, basis), Uint8Array.from(basis));
}

function apply(s: Uint8Array<ArrayBuffer>, edit: Edit, basis: Uint8Array): Uint8Array<ArrayBuffer> {
  const { op, at = 0, len = 0 } = edit;
  const data = edit.data ? generate(edit.data, basis) : new Uint8Array(0);
  switch (op) {
    case "insert":
      return concat([s.subarray(0, at), data, s.subarray(at)]);
    case "delete":
      return concat([s.subarray(0, at), s.subarray(at + len)]);
    case "replace":
      return concat([s.subarray(0, at), data, s.subarray(at + data.length)]);
    case "prepend":
      return concat([data, s]);
    case "append":
      return concat([s, data]);
    case "rotate":
      return concat([s.subarray(at), s.subarray(0, at)]);
    case "truncate":
      return s.slice(0, len);
    case "new":
      return data;
    case "addAt":
      for (const [position, delta] of edit.items!) s[position!]! += delta!;
      return s;
    case "flips": {
      const { next, below } = xorshift(edit.seed!);
      for (let i = 0; i < edit.count!; i++) {
        const position = below(s.length);
        s[position]! ^= (next() & 255) | 1;
      }
      return s;
    }
  }
  throw new Error(`unknown edit ${op}`);
}

/** A basis of a generator that is read at random, and so may be huge. */
export function basisOf(recipe: Gen): Uint8Array | { size: number; read(offset: number, length: number): Uint8Array } {
  if (recipe.gen !== "sparse") return generate(recipe);
  const size = recipe.len!;
  const pieces = recipe.pieces!.map(([at, gen]) => ({ at: at as number, bytes: generate(gen as Gen) }));
  return {
    size,
    read(offset, length) {
      const out = new Uint8Array(Math.min(length, size - offset));
      for (const { at, bytes } of pieces) {
        const from = Math.max(at, offset);
        const to = Math.min(at + bytes.length, offset + out.length);
        if (from < to) out.set(bytes.subarray(from - at, to - at), from - offset);
      }
      return out;
    },
  };
}
