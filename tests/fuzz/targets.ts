/** All targets, and how they are run. */
import fc from "fast-check";
import { deltas } from "./deltas.ts";
import { clients, handlers } from "../http/fuzz.ts";
import type { Target } from "./property.ts";
import { layered, signatures } from "./signatures.ts";

// deno-lint-ignore no-explicit-any -- each has inputs of its own, which only it sees
export const TARGETS: readonly Target<any>[] = [deltas, signatures, layered, handlers, clients];

/** Checks random inputs. Returns why one failed, and that input, as small as it could be made. */
export async function check<Input>(
  target: Target<Input>,
  seed: number,
  numRuns: number,
): Promise<{ failure?: string; input?: Input }> {
  const { inputs, width = 1 } = target;
  const property = width === 1
    ? fc.asyncProperty(inputs, (input) => target.check(input))
    : fc.asyncProperty(fc.array(inputs, { minLength: 1, maxLength: width }), async (list) => {
      await Promise.all(list.map((input) => target.check(input)));
    });
  const details = await fc.check<[Input] | [Input[]]>(property as fc.IAsyncProperty<[Input] | [Input[]]>, {
    seed,
    numRuns: Math.ceil(numRuns / width),
    endOnFailure: false,
    interruptAfterTimeLimit: 120_000,
  });
  if (!details.failed || details.counterexample === null) return {};
  const [found] = details.counterexample;
  const input = (width === 1 ? found : (found as Input[])[0]) as Input;
  const { errorInstance } = details;
  return { failure: errorInstance instanceof Error ? `${errorInstance.stack}` : String(errorInstance), input };
}

/** A name for an input of a target in the corpus. */
export function corpusName({ name }: Target<unknown>): string {
  const random = crypto.getRandomValues(new Uint32Array(1))[0]!;
  return `${name.replaceAll(" ", "-")}_${random.toString(36)}.json`;
}

/** An input as JSON, with its bytes in base64. */
export function stringify(input: unknown): string {
  const replace = (_: string, value: unknown) => {
    return value instanceof Uint8Array ? { base64: btoa(String.fromCharCode(...value)) } : value;
  };
  return `${JSON.stringify(input, replace, 1)}\n`;
}

export function parse(json: string): unknown {
  return JSON.parse(json, (_, value) => {
    const text = value?.base64;
    return typeof text === "string" ? Uint8Array.from(atob(text), (c) => c.charCodeAt(0)) : value;
  });
}
