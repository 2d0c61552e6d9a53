import { checkSalt } from "../check_salt.ts";
import type { BlockSummer, Digest, IndexBuilder, KeptBlock, Kernel, StrongSum, SumParams } from "../interface.ts";
import { WasmBlockSummer } from "./block_summer.ts";
import { WasmDigest } from "./digest.ts";
import { WasmIndexBuilder } from "./index_builder.ts";
import { InstancePool } from "./instance.ts";

/** WebAssembly with 128-bit SIMD. The loops are in assembly/. */
export class WasmKernel implements Kernel {
  readonly backend = "wasm";
  readonly #pool: InstancePool;

  constructor(module: WebAssembly.Module) {
    this.#pool = new InstancePool(module);
    // Making an instance now shows whether the runtime accepts the module.
    this.#pool.release(this.#pool.acquire());
  }

  summer(params: SumParams): BlockSummer {
    checkSalt(params);
    return new WasmBlockSummer(params, this.#pool);
  }

  digest(strongSum: StrongSum): Digest {
    return new WasmDigest(strongSum, this.#pool);
  }

  index(params: SumParams, kept: KeptBlock): IndexBuilder {
    checkSalt(params);
    return new WasmIndexBuilder(params, kept, this.#pool.create());
  }
}
