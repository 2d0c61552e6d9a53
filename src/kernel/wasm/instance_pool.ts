import { KernelInstance } from "./instance.ts";

/** Instances kept for the next users: making one takes some hundred microseconds. */
const MAX_POOLED = 4;
/** An instance whose memory has grown beyond this is not kept. */
const MAX_POOLED_LENGTH = 8 * 1024 * 1024;

/**
 * Makes instances of one module. V8 takes 10 GiB of addresses for each, and a process has room for some thousands at
 * most, or for one. So all that is small shares an instance, and nobody depends on having another.
 */
export class InstancePool {
  /** The one that is always there. */
  readonly shared: KernelInstance;
  /** Instances made so far: for tests. */
  made = 1;
  readonly #module: WebAssembly.Module;
  readonly #idle: KernelInstance[] = [];

  constructor(module: WebAssembly.Module) {
    this.#module = module;
    this.shared = new KernelInstance(module);
  }

  /** An instance for one user, who gives it back with `release`, or drops it. Undefined if there is no room. */
  acquire(): KernelInstance | undefined {
    const idle = this.#idle.pop();
    if (idle) return idle;
    try {
      const instance = new KernelInstance(this.#module);
      this.made++;
      return instance;
    } catch {
      return undefined;
    }
  }

  release(instance: KernelInstance): void {
    if (this.#idle.length < MAX_POOLED && instance.byteLength <= MAX_POOLED_LENGTH) this.#idle.push(instance);
  }
}
