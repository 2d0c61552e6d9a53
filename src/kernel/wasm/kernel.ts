import type { BlockSummer, Digest, IndexBuilder, KeptBlock, Kernel, StrongSum, SumParams } from "../interface.ts";
import { PortableBlockSummer } from "../portable/block_summer.ts";
import { createStrongHash, PortableKernel } from "../portable/kernel.ts";
import type { StrongHash } from "../portable/sums.ts";
import { STRONG_SUMS } from "../rules/sums.ts";
import { WasmBlockSummer } from "./block_summer.ts";
import { WasmDigest } from "./digest.ts";
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
    const { shared } = this.pool;
    if (params.blockLength <= PIECE_LENGTH) return new WasmBlockSummer(params, shared);
    const { weakSum, strongSum } = params;
    return new PortableBlockSummer(params, new RunningWeakSum(weakSum, shared), this.#strong(strongSum));
  }

  digest(strongSum: StrongSum): Digest {
    return new WasmDigest(strongSum, this.pool.shared);
  }

  index(params: SumParams, kept: KeptBlock): IndexBuilder {
    if (params.blockLength <= MAX_SEARCHED_LENGTH) return new WasmIndexBuilder(params, kept, this.pool);
    return new PortableKernel({ strong: () => this.#strong(params.strongSum) }).index(params, kept);
  }

  /** A strong sum that takes its bytes in pieces. MD4 is none in assembly/. */
  #strong(strongSum: StrongSum): StrongHash {
    return STRONG_SUMS[strongSum].isDigest
      ? new RunningStrongSum(strongSum, this.pool.shared)
      : createStrongHash(strongSum);
  }
}
