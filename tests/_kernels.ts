/** Both backends, by the door of the kernel's room, and the types of what they have. */
import type { Kernel } from "../src/kernel/interface.ts";
import { chosenKernel } from "../src/kernel/mod.ts";

export type { KeptBlock, Kernel, SearchIndex, SearchOptions, SumBatch, SumParams } from "../src/kernel/interface.ts";

export const WASM: Kernel = chosenKernel("wasm");
export const PORTABLE: Kernel = chosenKernel("portable");
export const KERNELS: readonly Kernel[] = [WASM, PORTABLE];
