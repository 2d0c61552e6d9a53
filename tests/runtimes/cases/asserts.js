/** What a case says has to hold, and how it waits. */

export function assert(holds, message) {
  if (!holds) throw new Error(message);
}

export function assertEqual(actual, expected, what) {
  assert(Object.is(actual, expected), `${what} is ${String(actual)}, expected was ${String(expected)}`);
}

export function assertBytes(actual, expected, what) {
  assertEqual(actual.length, expected.length, `length of ${what}`);
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  assert(at < 0, `${what} differs at byte ${at}`);
}

/** Waits for the next turn of timers. */
export async function turn() {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Lets everything run that can run without a read or a write more: what has gone on after 20 turns shows. */
export async function settle() {
  for (let i = 0; i < 20; i++) await turn();
}

/** What a promise is rejected with; it has to be, and soon. */
export async function rejection(promise) {
  let timer;
  const late = new Promise((resolve) => timer = setTimeout(resolve, 5000, { why: "nothing happened for 5 s" }));
  const ended = promise.then(() => ({ why: "it ended well" }), (reason) => ({ reason }));
  const { reason, why } = await Promise.race([ended, late]);
  clearTimeout(timer);
  assert(why === undefined, `A failure was expected, and ${why}`);
  return reason;
}
