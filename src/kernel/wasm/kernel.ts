import { checkSalt } from "../check_salt.ts";
import type { BlockSummer, IndexBuilder, KeptBlock, Kernel, SumParams } from "../interface.ts";
import { PortableBlockSummer } from "../portable/block_summer.ts";
import { PortableIndexBuilder } from "../portable/index_builder.ts";
import { createRollingSum, createStrongHash } from "../portable/kernel.ts";
import type { StrongHash } from "../portable/sums.ts";
import { STRONG_SUMS } from "../rules/sums.ts";
import { WasmBlockSummer } from "./block_summer.ts";
import { WasmIndexBuilder } from "./index_builder.ts";
import { PIECE_LENGTH } from "./instance.ts";
import { InstancePool } from "./instance_pool.ts";
import { RunningStrongSum, RunningWeakSum } from "./running_sums.ts";

/** Longer blocks are searched by the portable backend, which does not hold them: it needs their strong sums only. */
const MAX_SEARCHED_LENGTH = 2 ** 26;

/** WebAssembly with 128-bit SIMD. The loops are in assembly/. */
export class WasmKernel implements Kernel {
  readonly backend = "wasm";
  /** What it takes memory from: for tests. */
  readonly pool: InstancePool;

  constructor(module: WebAssembly.Module) {
    this.pool = new InstancePool(module);
  }

  summer(params: SumParams): BlockSummer {
    const owned = own(params);
    const { shared } = this.pool;
    if (params.blockLength <= PIECE_LENGTH) return new WasmBlockSummer(owned, shared);
    return new PortableBlockSummer(owned, new RunningWeakSum(owned.weakSum, shared), this.#strong(owned));
  }

  index(params: SumParams, kept: KeptBlock): IndexBuilder {
    const owned = own(params);
    const portable = () =>
      new PortableIndexBuilder(owned, kept, {
        rolling: () => createRollingSum(owned.weakSum),
        strong: () => this.#strong(owned),
      });
    if (params.blockLength > MAX_SEARCHED_LENGTH) return portable();
    return new WasmIndexBuilder(owned, kept, this.pool, portable);
  }

  /** A strong sum that takes its bytes in pieces. MD4 is none in assembly/. */
  #strong(params: SumParams): StrongHash {
    const { isIncremental } = STRONG_SUMS[params.strongSum];
    return isIncremental ? new RunningStrongSum(params, this.pool.shared) : createStrongHash(params);
  }
}

/** Parameters with a salt that the caller cannot change. */
function own(params: SumParams): SumParams {
  checkSalt(params);
  return params.salt ? { ...params, salt: new Uint8Array(params.salt) } : params;
}
