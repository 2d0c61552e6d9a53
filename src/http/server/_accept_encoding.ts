import type { Coding } from "../protocol/content_coding.ts";

/** `identity` where nothing is said of it: the last choice. */
const LAST_CHOICE = 0.0001;

/**
 * Chooses a content coding by `Accept-Encoding` (RFC 9110, section 12.5.3).
 *
 * @param value The header. Without it nothing is encoded.
 * @param supported The codings that there are, the best first.
 * @returns The coding with the highest weight, and of those the best. Undefined if none is acceptable, not even
 * `identity`.
 */
export function chooseCoding(value: string | null, supported: readonly Coding[]): Coding | "identity" | undefined {
  const weights = weightsOf(value ?? "");
  const others = weights.get("*");
  const identity = weights.get("identity") ?? (others === 0 ? 0 : LAST_CHOICE);
  let best: Coding | "identity" | undefined = identity > 0 ? "identity" : undefined;
  let bestWeight = identity;
  for (const coding of [...supported].reverse()) {
    const weight = weights.get(coding) ?? others ?? 0;
    if (weight > 0 && weight >= bestWeight) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
}

function weightsOf(value: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const item of value.toLowerCase().split(",")) {
    const [name = "", ...params] = item.split(";").map((part) => part.trim());
    if (name === "") continue;
    const q = params.find((param) => param.startsWith("q="));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    // A weight that is none counts as 0: what is not understood is not used.
    weights.set(name === "x-gzip" ? "gzip" : name, weight >= 0 && weight <= 1 ? weight : 0);
  }
  return weights;
}
