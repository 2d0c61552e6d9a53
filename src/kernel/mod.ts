/** The choice of the backend. */
import type { Kernel } from "./interface.ts";
import { PortableKernel } from "./portable/kernel.ts";

const portable = new PortableKernel();

/** The best backend that this runtime allows. */
export function defaultKernel(): Kernel {
  return portable;
}
