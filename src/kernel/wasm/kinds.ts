import type { StrongSum, TailRule, WeakSum } from "../interface.ts";

/** The numbers of assembly/kinds.ts and assembly/records.ts. */
export const STRONG_KINDS: Readonly<Record<StrongSum, number>> = { blake2sp: 1, blake3: 2, blake2b: 3, md4: 4 };
export const WEAK_KINDS: Readonly<Record<WeakSum, number>> = { rollsum: 1, rabinkarp: 2, anchor: 3 };
export const TAIL_RULES: Readonly<Record<TailRule, number>> = { none: 0, last: 1, any: 2 };
