/** Makes the inputs of the golden luapower cases (tests/vectors/README.md, "Recipes"). */

type Recipe = {
  gen: string;
  seed?: number;
  len?: number;
  byte?: number;
  period?: number;
  symbols?: number;
  text?: string;
  parts?: Recipe[];
  edits?: Edit[];
};

type Edit = {
  op: string;
  at?: number;
  data?: Recipe;
  len?: number;
  deltas?: number[];
  from?: number;
  to?: number;
  seed?: number;
  chunk?: number;
  count?: number;
  kind?: string;
};

/** Random numbers, the same for the same seed. */
export interface Random {
  /** 32 bits. */
  next(): number;
  /** From 0 to n - 1. */
  below(n: number): number;
}

export function xorshift(seed: number): Random {
  let x = seed | 0;
  const next = () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
  return { next, below: (n) => next() % n };
}

const WORDS = (
  "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo " +
  "sierra tango uniform victor whiskey xray yankee zulu the of and to in is"
).split(" ");

/** `len` bytes of xorshift32 words, little-endian. */
export function randomBytes(seed: number, len: number): Uint8Array<ArrayBuffer> {
  const { next } = xorshift(seed);
  const out = new Uint8Array(len);
  for (let i = 0; i < len; i += 4) {
    const word = next();
    for (let j = 0; j < 4 && i + j < len; j++) out[i + j] = word >>> (8 * j);
  }
  return out;
}

function text(seed: number, len: number): Uint8Array<ArrayBuffer> {
  const { below } = xorshift(seed);
  let out = "";
  while (out.length < len) out += WORDS[below(32)] + (below(12) === 0 ? "\n" : " ");
  return new TextEncoder().encode(out.slice(0, len));
}

function generate(recipe: Recipe, basis: Uint8Array<ArrayBuffer> | undefined): Uint8Array<ArrayBuffer> {
  const { gen, seed = 0, len = 0 } = recipe;
  switch (gen) {
    case "rand":
      return randomBytes(seed, len);
    case "fill":
      return new Uint8Array(len).fill(recipe.byte!);
    case "periodic": {
      const unit = randomBytes(seed, recipe.period!);
      return Uint8Array.from({ length: len }, (_, i) => unit[i % unit.length]!);
    }
    case "text":
      return text(seed, len);
    case "alpha": {
      const { below } = xorshift(seed);
      return Uint8Array.from({ length: len }, () => 97 + below(recipe.symbols!));
    }
    case "utf8":
      return new TextEncoder().encode(recipe.text);
    case "concat":
      return concat(recipe.parts!.map((part) => make(part, basis)));
    case "basis":
      return basis!.slice();
  }
  throw new Error(`unknown generator ${gen}`);
}

/** The bytes of a recipe. */
export function make(recipe: Recipe, basis?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return (recipe.edits ?? []).reduce((bytes, step) => edit(bytes, step, basis), generate(recipe, basis));
}

function edit(s: Uint8Array<ArrayBuffer>, e: Edit, basis?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = e.at ?? 0;
  const data = e.data ? make(e.data, basis) : new Uint8Array(0);
  switch (e.op) {
    case "insert":
      return concat([s.subarray(0, at), data, s.subarray(at)]);
    case "append":
      return concat([s, data]);
    case "delete":
      return concat([s.subarray(0, at), s.subarray(at + e.len!)]);
    case "overwrite":
      return concat([s.subarray(0, at), data, s.subarray(at + data.length)]);
    case "rotate":
      return concat([s.subarray(at), s.subarray(0, at)]);
    case "add": {
      const out = s.slice();
      e.deltas!.forEach((delta, i) => out[at + i] = (out[at + i]! + delta) & 255);
      return out;
    }
    case "duplicate": {
      const copied = s.slice(e.from!, e.from! + e.len!);
      return concat([s.subarray(0, e.to!), copied, s.subarray(e.to!)]);
    }
    case "shuffle":
      return shuffle(s, e.seed!, e.chunk!);
    case "scatter":
      return scatter(s, e.seed!, e.count!, e.kind!);
  }
  throw new Error(`unknown edit ${e.op}`);
}

function shuffle(s: Uint8Array, seed: number, size: number): Uint8Array<ArrayBuffer> {
  const { below } = xorshift(seed);
  const chunks = Array.from({ length: Math.ceil(s.length / size) }, (_, i) => s.subarray(i * size, (i + 1) * size));
  for (let i = chunks.length - 1; i >= 1; i--) {
    const j = below(i + 1);
    [chunks[i], chunks[j]] = [chunks[j]!, chunks[i]!];
  }
  return concat(chunks);
}

function scatter(s: Uint8Array<ArrayBuffer>, seed: number, count: number, kind: string): Uint8Array<ArrayBuffer> {
  const { below } = xorshift(seed);
  const bytes = Array.from(s);
  for (let i = 0; i < count; i++) {
    const k = kind === "overwrite" ? -1 : below(3);
    const pos = below(k === 1 ? bytes.length + 1 : bytes.length);
    if (k === -1) bytes[pos]! ^= 1 + below(255);
    else if (k === 0) bytes[pos] = below(256);
    else if (k === 1) bytes.splice(pos, 0, below(256));
    else bytes.splice(pos, 1);
  }
  return Uint8Array.from(bytes);
}

export function concat(parts: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  const list = [...parts];
  const out = new Uint8Array(list.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of list) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
