/** Sums of the user's own, checked: what they return ends up in a signature, where nobody would notice. */
import { isBytes, kindOf } from "../common/bytes.ts";
import { isPromise } from "../common/is_promise.ts";
import type { RollingSum, StrongHash } from "../kernel/portable/sums.ts";

/** Bytes of the longest strong sum: the formats count them in a byte. */
const MAX_STRONG_LENGTH = 255;

/** A factory of weak sums whose results are checked. */
export function checkedWeakSum(create: () => RollingSum): () => RollingSum {
  return () => {
    const sum = checkMethods("weakSum", create(), ["reset", "update", "rotate", "digest"]);
    if (sum.shrink !== undefined) checkMethods("weakSum", sum, ["shrink"]);
    return sum.shrink ? new ShrinkingWeakSum(sum) : new CheckedWeakSum(sum);
  };
}

/** A factory of strong sums whose results are checked, and are as long as those of the first sum it makes. */
export function checkedStrongSum(create: () => StrongHash): () => StrongHash {
  let length: number | undefined;
  return () => {
    const sum = checkMethods("strongSum", create(), ["reset", "update", "digest"]);
    length ??= checkLength(sum.length);
    if (sum.length !== length) {
      throw new RangeError(
        `Cannot use strongSum: it made a sum with the length ${show(sum.length)}, ${length} as before was expected`,
      );
    }
    return new CheckedStrongSum(sum, length);
  };
}

class CheckedWeakSum implements RollingSum {
  protected readonly sum: RollingSum;

  constructor(sum: RollingSum) {
    this.sum = sum;
  }

  reset(): void {
    checkSync("weakSum", "reset", this.sum.reset());
  }

  update(bytes: Uint8Array, length: number): void {
    checkSync("weakSum", "update", this.sum.update(bytes, length));
  }

  rotate(out: number, into: number): void {
    checkSync("weakSum", "rotate", this.sum.rotate(out, into));
  }

  /** Of a larger number the low 32 bits count, as of the original's signed ones. */
  digest(): number {
    const value: unknown = this.sum.digest();
    if (Number.isSafeInteger(value)) return value as number;
    const ErrorType = typeof value === "number" ? RangeError : TypeError;
    throw new ErrorType(
      `Cannot use weakSum: its digest() returned ${
        show(value)
      }, an integer was expected, of which the low 32 bits count`,
    );
  }
}

class ShrinkingWeakSum extends CheckedWeakSum {
  shrink(out: number): void {
    checkSync("weakSum", "shrink", this.sum.shrink!(out));
  }
}

class CheckedStrongSum implements StrongHash {
  readonly length: number;
  readonly #sum: StrongHash;

  constructor(sum: StrongHash, length: number) {
    this.#sum = sum;
    this.length = length;
  }

  reset(): void {
    checkSync("strongSum", "reset", this.#sum.reset());
  }

  update(bytes: Uint8Array, length: number): void {
    checkSync("strongSum", "update", this.#sum.update(bytes, length));
  }

  digest(): Uint8Array {
    const value: unknown = this.#sum.digest();
    if (!isBytes(value)) {
      throw new TypeError(
        `Cannot use strongSum: its digest() returned ${show(value)}, a Uint8Array of ${this.length} bytes was expected`,
      );
    }
    if (value.length !== this.length) {
      throw new RangeError(
        `Cannot use strongSum: its digest() returned ${value.length} bytes, ${this.length} were expected by its length`,
      );
    }
    return value;
  }
}

function checkLength(length: unknown): number {
  if (Number.isInteger(length) && length as number >= 1 && length as number <= MAX_STRONG_LENGTH) {
    return length as number;
  }
  const ErrorType = typeof length === "number" ? RangeError : TypeError;
  throw new ErrorType(
    `Cannot use strongSum: its length is ${show(length)}, an integer from 1 to ${MAX_STRONG_LENGTH} was expected`,
  );
}

function checkMethods<T extends object>(name: string, sum: T, methods: readonly (keyof T)[]): T {
  const missing = methods.find((method) => typeof sum?.[method] !== "function");
  if (missing === undefined) return sum;
  throw new TypeError(
    `Cannot use ${name}: it made ${show(sum)}, an object with a method ${String(missing)}() was expected`,
  );
}

/** A sum that is made later would be read too early. */
function checkSync(name: string, method: string, result: unknown): void {
  if (!isPromise(result)) return;
  throw new TypeError(`Cannot use ${name}: its ${method}() returned ${show(result)}, a sum is made at once`);
}

/** A value for messages: numbers as they are, and the kind of all else. */
function show(value: unknown): string {
  return typeof value === "number" ? String(value) : kindOf(value);
}
