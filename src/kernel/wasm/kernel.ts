import type { BlockSummer, Digest, IndexBuilder, KeptBlock, Kernel, StrongSum, SumParams } from "../interface.ts";
import { InstancePool } from "./instance.ts";
import { WasmDigest } from "./wasm_digest.ts";
import { WasmIndexBuilder } from "./wasm_index.ts";
import { WasmSummer } from "./wasm_summer.ts";

/** WebAssembly with 128-bit SIMD. See assembly/. */
export class WasmKernel implements Kernel {
  readonly backend = "wasm";
  readonly #pool: InstancePool;

  constructor(module: WebAssembly.Module) {
    this.#pool = new InstancePool(module);
    // An instance made at once tells whether the runtime takes the module.
    this.#pool.release(this.#pool.acquire());
  }

  summer(params: SumParams): BlockSummer {
    return new WasmSummer(params, this.#pool);
  }

  digest(strongSum: StrongSum): Digest {
    return new WasmDigest(strongSum, this.#pool);
  }

  index(params: SumParams, kept: KeptBlock): IndexBuilder {
    return new WasmIndexBuilder(params, kept, this.#pool.create());
  }
}
