/** Two versions of a file, and handlers to send them to. */
import assert from "node:assert/strict";
import { HttpError } from "rsync-streams/http";
import { concat, make, randomBytes } from "../_recipes.ts";
import { ORIGIN } from "./_store.ts";

export type Handle = (request: Request) => Response | Promise<Response>;

export const OLD = concat([make({ gen: "text", seed: 1, len: 3_000_000 }), randomBytes(2, 1_000_000)]);
export const NEW = concat([
  randomBytes(4, 500),
  OLD.subarray(70_000, 2_000_000),
  randomBytes(3, 3000),
  OLD.subarray(2_500_000),
]);
export const FILE = `${ORIGIN}/f`;

/** A `fetch` that calls a handler and notes the requests. */
export function through(handle: Handle, seen: Request[] = []): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    seen.push(request);
    return await handle(request);
  };
}

export async function assertHttpError(promise: Promise<unknown>, code: string, message: RegExp, status?: number) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof HttpError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.equal(error.status, status);
    return true;
  });
}
