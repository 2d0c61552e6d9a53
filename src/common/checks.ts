/**
 * Checks of options, made before a byte flows. Each returns the value it checked, and takes the name of the option for
 * its message first.
 */
import { kindOf } from "./bytes.ts";
import { isPromise } from "./is_promise.ts";

/**
 * @throws {TypeError} If `value` is not a number.
 * @throws {RangeError} If it is not an integer from `min` to `max`.
 */
export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot use ${name}: a number was expected, ${describe(value)} was given`);
  }
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`Cannot use ${name}: an integer from ${min} to ${max} was expected, ${value} was given`);
  }
  return value;
}

/** As {@linkcode checkInteger}, and infinity is allowed. */
export function checkLimit(name: string, value: unknown): number {
  return value === Infinity ? Infinity : checkInteger(name, value, 0, Number.MAX_SAFE_INTEGER);
}

/** @throws {TypeError} If `value` is none of the choices. */
export function checkChoice<T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  const choice = choices.find((known) => known === value);
  if (choice === undefined) {
    const list = choices.map((known) => `"${known}"`).join(", ");
    throw new TypeError(`Cannot use ${name}: one of ${list} was expected, ${describe(value)} was given`);
  }
  return choice;
}

/** @throws {TypeError} If `value` is not a boolean. */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") {
    throw new TypeError(`Cannot use ${name}: a boolean was expected, ${describe(value)} was given`);
  }
  return value;
}

/** @throws {TypeError} If `value` is not a function. */
export function checkFunction<T>(name: string, value: T): T {
  if (typeof value === "function") return value;
  throw new TypeError(`Cannot use ${name}: a function was expected, ${describe(value)} was given`);
}

/** @throws {TypeError} If `value` is neither a function nor undefined. */
export function checkCallback<T>(name: string, value: T): T {
  return value === undefined ? value : checkFunction(name, value);
}

/** The names that options may have. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

/**
 * A misspelt name is refused, since a limit that is left out by mistake is no limit. Objects of a class of the caller's
 * may have other fields.
 *
 * @throws {TypeError} If `options` is not an object, or has an option that is none of `names`.
 */
export function checkOptions<T extends object>(options: T, names: OptionNames<T>): T {
  checkObject(options);
  if (!isPlain(options)) return options;
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || (names as Record<string, unknown>)[name] === true) continue;
    const known = Object.keys(names).join(", ");
    throw new TypeError(`Cannot use the options: ${JSON.stringify(name)} was given, one of ${known} was expected`);
  }
  return options;
}

/**
 * Parts a signal from the options of a stream. Their names are checked by the stream.
 *
 * @throws {TypeError} If `options` is not an object.
 */
export function splitOptions<T extends { signal?: AbortSignal | undefined }>(
  options: T,
): { signal: AbortSignal | undefined; rest: Omit<T, "signal"> } {
  checkObject(options);
  const { signal, ...rest } = options;
  return { signal, rest };
}

function checkObject(options: unknown): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options) && !isPromise(options)) return;
  throw new TypeError(`Cannot use the options: an object was expected, ${describe(options)} was given`);
}

/** Whether an object is of no class, in this realm or another. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** @throws {TypeError} If a signal is given that is none. */
export function checkSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || typeof signal?.throwIfAborted === "function") return signal;
  throw new TypeError(`Cannot use signal: an AbortSignal was expected, ${describe(signal)} was given`);
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || typeof value !== "object") return String(value);
  return kindOf(value);
}
