/** Instances of the kernel: each has a memory and the functions of assembly/. Addresses and lengths are in bytes. */

/** The exports of assembly/index.ts. */
export interface KernelExports {
  rollsum_blocks(src: number, blockLength: number, count: number, lastLength: number, dst: number): void;
  rabinkarp_blocks(src: number, blockLength: number, count: number, lastLength: number, dst: number): void;
  strong_key_size(): number;
  strong_key_init(kind: number, salt: number, key: number): void;
  strong_blocks(
    kind: number,
    key: number,
    src: number,
    blockLength: number,
    count: number,
    lastLength: number,
    strongLength: number,
    dst: number,
  ): void;
  digest_state_size(): number;
  digest_init(kind: number, state: number): void;
  digest_update(state: number, src: number, length: number): void;
  digest_final(state: number, dst: number): void;
  index_init(
    records: number,
    weakKind: number,
    strongKind: number,
    blockLength: number,
    strongLength: number,
    strongKey: number,
  ): void;
  index_stride(): number;
  index_add(count: number, weak: number, strong: number): void;
  index_finish(
    strongTable: number,
    weakTable: number,
    slotCount: number,
    filter: number,
    filterLength: number,
    keyLow: number,
    keyHigh: number,
    lastLength: number,
    keepLast: number,
  ): void;
  searcher_size(): number;
  searcher_init(searcher: number, matches: number, tail: number, preferNext: number): void;
  searcher_set_bytes(searcher: number, bytes: number): void;
  searcher_settled(searcher: number): number;
  searcher_false_alarms(searcher: number): number;
  searcher_good_alarms(searcher: number): number;
  searcher_shift(searcher: number, length: number): void;
  search(searcher: number, end: number, isLast: number): number;
}

const PAGE = 65_536;
/** The first address after the kernel's static data. */
const FIRST_FREE = PAGE;

/** One instance, and an allocator of its memory. */
export class KernelInstance {
  readonly exports: KernelExports;
  readonly #memory = new WebAssembly.Memory({ initial: FIRST_FREE / PAGE + 1 });
  #end = FIRST_FREE;
  /** Addresses of pieces that were freed, by length. */
  readonly #free = new Map<number, number[]>();
  #bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);

  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } });
    this.exports = exports as unknown as KernelExports;
  }

  /** All of the memory. A view is detached when the memory grows, so ask for it each time. */
  get bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);
    return this.#bytes;
  }

  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  /** The first address that was never allocated. */
  get end(): number {
    return this.#end;
  }

  /** Allocates `length` bytes, aligned to 16. Their content is arbitrary. */
  allocate(length: number): number {
    const reused = this.#free.get(length)?.pop();
    return reused ?? this.allocateFresh(length);
  }

  /**
   * Allocates `length` bytes that nobody had before, aligned to 16. In an instance that was created, and not taken from
   * a pool, they are zeros, or what was written there ahead.
   */
  allocateFresh(length: number): number {
    const at = this.#end;
    this.#end += Math.ceil(length / 16) * 16;
    this.require(this.#end);
    return at;
  }

  /** Frees what was allocated with the same length. */
  free(at: number, length: number): void {
    const list = this.#free.get(length);
    if (list) list.push(at);
    else this.#free.set(length, [at]);
  }

  /** Frees everything. */
  reset(): void {
    this.#end = FIRST_FREE;
    this.#free.clear();
  }

  /**
   * Grows the memory to `end` at least.
   *
   * @throws {RangeError} If the runtime refuses so much memory.
   */
  require(end: number): void {
    const missing = end - this.byteLength;
    if (missing <= 0) return;
    // At least an eighth more. Growing is cheap in V8 and a copy elsewhere, and untouched pages take no memory.
    this.#memory.grow(Math.ceil(Math.max(missing, this.byteLength / 8) / PAGE));
  }
}

/** Instances kept for the next streams: making one takes longer than summing a small file. */
const MAX_POOLED = 4;
/** An instance whose memory has grown beyond this is not kept. */
const MAX_POOLED_LENGTH = 8 * 1024 * 1024;

/** Makes instances of one module, and reuses them. */
export class InstancePool {
  readonly #module: WebAssembly.Module;
  readonly #idle: KernelInstance[] = [];

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** An instance that is given back with `release`. Its memory may hold bytes of its former users. */
  acquire(): KernelInstance {
    return this.#idle.pop() ?? new KernelInstance(this.#module);
  }

  /** An instance with fresh, zeroed memory, which is left to the garbage collector. */
  create(): KernelInstance {
    return new KernelInstance(this.#module);
  }

  release(instance: KernelInstance): void {
    if (this.#idle.length >= MAX_POOLED || instance.byteLength > MAX_POOLED_LENGTH) return;
    instance.reset();
    this.#idle.push(instance);
  }
}
