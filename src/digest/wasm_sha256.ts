import { BLOCK_LENGTH, lastBlocks } from "./padding.ts";
import { type Hash, SingleUse } from "./_single_use.ts";
import type { MakeSha256 } from "./interface.ts";
import { sha256Module } from "./sha256_module.ts";

/** The exports of assembly/sha256/index.ts. */
interface Exports {
  sha256_start(state: number): void;
  sha256_blocks(state: number, src: number, length: number): void;
}

const PAGE = 65_536;
/** Bytes of the input that are in the module's memory at a time: they stay in the cache. */
const INPUT_LENGTH = PAGE;

/** The module's memory: a state and some input. Nothing stays there between two calls, so all digests share it. */
class Machine {
  readonly exports: Exports;
  /** The module's own data starts at 1,024. */
  readonly state: Uint8Array<ArrayBuffer>;
  readonly input: Uint8Array<ArrayBuffer>;

  constructor(module: WebAssembly.Module) {
    const memory = new WebAssembly.Memory({ initial: 1 + INPUT_LENGTH / PAGE });
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.exports = exports as unknown as Exports;
    // It never grows, so these stay valid.
    this.state = new Uint8Array(memory.buffer as ArrayBuffer, 0, 32);
    this.input = new Uint8Array(memory.buffer as ArrayBuffer, PAGE, INPUT_LENGTH);
  }

  /** Takes the first bytes of the input, whole blocks. */
  takeBlocks(length: number): void {
    this.exports.sha256_blocks(this.state.byteOffset, this.input.byteOffset, length);
  }
}

/** A SHA-256 between two calls: 32 bytes of state and the start of a block. */
class WasmHash implements Hash {
  readonly #machine: Machine;
  // Arrays of at most 64 bytes, which V8 keeps within their objects.
  readonly #state = new Uint8Array(32);
  readonly #held = new Uint8Array(BLOCK_LENGTH);
  #heldLength = 0;
  #length = 0;

  constructor(machine: Machine) {
    this.#machine = machine;
    machine.exports.sha256_start(machine.state.byteOffset);
    this.#state.set(machine.state);
  }

  update(bytes: Uint8Array): void {
    const { input, state } = this.#machine;
    this.#length += bytes.length;
    if (this.#heldLength + bytes.length < BLOCK_LENGTH) {
      this.#held.set(bytes, this.#heldLength);
      this.#heldLength += bytes.length;
      return;
    }
    state.set(this.#state);
    input.set(this.#held);
    let filled = this.#heldLength;
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + INPUT_LENGTH - filled);
      input.set(piece, filled);
      at += piece.length;
      filled += piece.length;
      const rest = filled % BLOCK_LENGTH;
      this.#machine.takeBlocks(filled - rest);
      // There is a rest at the end alone.
      this.#held.set(input.subarray(filled - rest, filled));
      filled = rest;
    }
    this.#heldLength = filled;
    this.#state.set(state);
  }

  digest(): Uint8Array {
    const { input, state } = this.#machine;
    const end = lastBlocks(this.#held.subarray(0, this.#heldLength), this.#length);
    state.set(this.#state);
    input.set(end);
    this.#machine.takeBlocks(end.length);
    return state;
  }
}

/** SHA-256 in WebAssembly. Returns undefined where the runtime refuses: no WebAssembly, no SIMD, or no leave. */
export function wasmSha256(): MakeSha256 | undefined {
  try {
    const machine = new Machine(sha256Module());
    return () => new SingleUse(new WasmHash(machine));
  } catch {
    return undefined;
  }
}
