/** Checks of options, at each border: what they return, and what they say. */
import assert from "node:assert/strict";
import {
  checkBoolean,
  checkCallback,
  checkChoice,
  checkFunction,
  checkInteger,
  checkLimit,
  checkOptions,
  checkSignal,
  splitOptions,
} from "../src/common/checks.ts";

// What a caller without types may write.
// deno-lint-ignore no-explicit-any
type Anything = any;

const MAX = Number.MAX_SAFE_INTEGER;

function fails(kind: "TypeError" | "RangeError", message: string | RegExp) {
  return { name: kind, message };
}

Deno.test("checkInteger() takes integers from its least to its most, and says which", () => {
  for (const value of [3, 4, 9]) assert.equal(checkInteger("n", value, 3, 9), value);
  for (const value of [2, 10, 3.5, NaN, Infinity, -Infinity]) {
    const message = `Cannot use n: an integer from 3 to 9 was expected, ${value} was given`;
    assert.throws(() => checkInteger("n", value, 3, 9), fails("RangeError", message));
  }
  const others: [unknown, string][] = [["5", '"5"'], [5n, "5"], [null, "null"], [undefined, "undefined"], [
    true,
    "true",
  ]];
  for (const [value, seen] of [...others, [[5], "an object of Array"]] as const) {
    const message = `Cannot use n: a number was expected, ${seen} was given`;
    assert.throws(() => checkInteger("n", value, 3, 9), fails("TypeError", message));
  }
});

Deno.test("checkLimit() takes 0 to 2^53 - 1, and infinity", () => {
  for (const value of [0, 1, MAX, Infinity]) assert.equal(checkLimit("limit", value), value);
  for (const value of [-1, 0.5, MAX + 1, NaN, -Infinity]) {
    const message = `Cannot use limit: an integer from 0 to ${MAX} was expected, ${value} was given`;
    assert.throws(() => checkLimit("limit", value), fails("RangeError", message));
  }
  assert.throws(() => checkLimit("limit", null), TypeError);
});

Deno.test("checkChoice() takes one of its choices, and lists them", () => {
  for (const value of ["a", "b"] as const) assert.equal(checkChoice("letter", value, ["a", "b"]), value);
  for (const value of ["c", "", "A", "toString", null, undefined, 0, ["a"]]) {
    const message = /^Cannot use letter: one of "a", "b" was expected, .* was given$/;
    assert.throws(() => checkChoice("letter", value, ["a", "b"]), fails("TypeError", message));
  }
});

Deno.test("checkBoolean(), checkFunction() and checkCallback() take what they name", () => {
  const call = () => {};
  for (const value of [true, false]) assert.equal(checkBoolean("is", value), value);
  for (const value of [0, 1, "true", null, undefined, {}]) {
    assert.throws(() => checkBoolean("is", value), fails("TypeError", /^Cannot use is: a boolean was expected, /));
  }
  assert.equal(checkFunction("on", call), call);
  assert.equal(checkCallback("on", call), call);
  assert.equal(checkCallback("on", undefined), undefined);
  const message = /^Cannot use on: a function was expected, /;
  for (const value of [undefined, null, 5, "call", {}]) {
    assert.throws(() => checkFunction("on", value), fails("TypeError", message));
    if (value !== undefined) assert.throws(() => checkCallback("on", value), fails("TypeError", message));
  }
});

Deno.test("checkOptions() takes the names it knows, and those it does not only as undefined or of a class", () => {
  const names = { one: true, two: true } as const;
  const known: Anything[] = [{}, { one: 1 }, { one: undefined, two: 2 }, { three: undefined }, Object.create(null)];
  class Mine {
    one = 1;
    three = 3;
  }
  for (const options of [...known, new Mine(), Object.assign(Object.create(null), { two: 2 })]) {
    assert.equal(checkOptions(options, names), options);
  }
  const wrong: Anything[] = [{ three: 3 }, { one: 1, three: null }, { toString: 1 }, { constructor: 5 }];
  wrong.push(JSON.parse('{ "__proto__": 5 }'));
  for (const options of [...wrong, Object.assign(Object.create(null), { three: 3 })]) {
    const message =
      /^Cannot use the options: "(three|toString|constructor|__proto__)" was given, one of one, two was expected$/;
    assert.throws(() => checkOptions(options, names), fails("TypeError", message));
  }
});

Deno.test("checkOptions() and splitOptions() take an object, and nothing else", () => {
  const none: Anything[] = [null, undefined, 5, "one", true, [], [1], Promise.resolve({}), () => {}];
  for (const options of none) {
    const message = /^Cannot use the options: an object was expected, .* was given$/;
    assert.throws(() => checkOptions(options, {}), fails("TypeError", message));
    assert.throws(() => splitOptions(options), fails("TypeError", message));
  }
  const { signal } = new AbortController();
  assert.deepEqual(splitOptions({ signal, one: 1 }), { signal, rest: { one: 1 } });
  assert.deepEqual(splitOptions({ one: 1 } as Anything), { signal: undefined, rest: { one: 1 } });
});

Deno.test("checkSignal() takes a signal, or none", () => {
  const { signal } = new AbortController();
  assert.equal(checkSignal(signal), signal);
  assert.equal(checkSignal(undefined), undefined);
  for (const value of [null, {}, 5, "signal", new AbortController()] as Anything[]) {
    const message = /^Cannot use signal: an AbortSignal was expected, .* was given$/;
    assert.throws(() => checkSignal(value), fails("TypeError", message));
  }
});
