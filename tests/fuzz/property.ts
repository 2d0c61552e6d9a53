/** What a fuzz target is, and what all of them share. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { RsyncError } from "rsync-streams";
import { type Chunking, source, toBytes } from "../_helpers.ts";
import { concat } from "../_recipes.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

/** A kind of input, and what has to hold for each. */
export interface Target<Input> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<Input>;
  /** Rejects if something does not hold. */
  check(input: Input): Promise<void>;
  /** How many inputs may be checked at the same time: those that wait for timers. */
  readonly width?: number;
}

/** Ticks of a tenth of a second that one input may take. It takes some milliseconds. */
const MAX_TICKS = 200;

/**
 * Rejects if work does not end. It counts ticks, and not time: a machine that stands still for a while is no fault.
 * Work that never gives way is stopped by the limit of the test, tests/_limits.ts.
 */
export async function inTime<T>(work: Promise<T>, maxTicks = MAX_TICKS): Promise<T> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const late = new Promise<never>((_, reject) => {
    let ticks = 0;
    timer = setInterval(() => {
      if (++ticks === maxTicks) reject(new Error(`It did not end within ${maxTicks} tenths of a second`));
    }, 100);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearInterval(timer);
  }
}

/** What came of some work: its result, or the error of the library that it ended in. Other errors are passed on. */
export type Outcome<T> = { value: T; error?: undefined } | { value?: undefined; error: RsyncError };

export async function outcomeOf<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await inTime(work) };
  } catch (error) {
    if (!(error instanceof RsyncError)) throw error;
    assert.match(error.message, /^(Cannot|The) /);
    return { error };
  }
}

/** Bytes through a pair of streams. */
export async function through(
  bytes: Uint8Array,
  pair: { readable: ReadableStream<Uint8Array>; writable: WritableStream<BufferSource> },
  chunking?: Chunking,
): Promise<Bytes> {
  return await toBytes(source(bytes, chunking).pipeThrough(pair));
}

/** Asserts that two outcomes are the same: results by `compare`, errors by code and offset. */
export function assertSameOutcome<T>(
  a: Outcome<T>,
  b: Outcome<T>,
  compare: (a: T, b: T) => void,
  what: string,
): void {
  const told = ({ error }: Outcome<T>) => error ? `${error.code} at ${error.offset}: ${error.message}` : "a result";
  assert.equal(told(b), told(a), what);
  if (!a.error && !b.error) compare(a.value, b.value);
}

/** Numbers at which something may change: small ones, powers of two and their neighbours, up to 2^56. */
export const oddNumber: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(300) },
  { weight: 2, arbitrary: fc.nat(70_000) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.integer({ min: 0, max: 56 }), fc.integer({ min: -2, max: 2 }))
      .map(([power, by]) => Math.max(0, 2 ** power + by)),
  },
);

/** Damage that a file may take on its way. */
interface Damage {
  readonly kind: "flip" | "cut" | "insert" | "double" | "word" | "byte";
  /** Where, as a share of the length. */
  readonly at: number;
  readonly value: number;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom("flip", "cut", "insert", "double", "word", "byte"),
  at: fc.nat(1_000).map((n) => n / 1_000),
  value: oddNumber,
});

/** No damage half of the time, else up to three. */
export const damages: fc.Arbitrary<readonly Damage[]> = fc.oneof(
  { weight: 4, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: fc.array(damage, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(damage, { minLength: 2, maxLength: 3 }) },
);

/** The bytes with the damage done, one after the other. */
export function damaged(bytes: Uint8Array, list: readonly Damage[]): Bytes {
  let out = new Uint8Array(bytes);
  for (const { kind, at, value } of list) {
    const place = Math.min(out.length, Math.floor(at * (out.length + 1)));
    const parts = [out.subarray(0, place), out.subarray(place)] as const;
    if (kind === "cut") out = out.slice(0, place);
    else if (kind === "insert") out = concat([parts[0], Uint8Array.of(value % 256), parts[1]]);
    else if (kind === "double") out = concat([parts[0], out.subarray(place, place + 20), parts[1]]);
    else if (kind === "word" && place + 4 <= out.length) {
      new DataView(out.buffer).setUint32(place, value % 2 ** 32, value % 3 > 0);
    } else if (place < out.length) {
      out[place] = kind === "flip" ? out[place]! ^ 1 << value % 8 : value % 256;
    }
  }
  return out;
}
