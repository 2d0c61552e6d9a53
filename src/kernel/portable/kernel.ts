import type {
  BlockSummer,
  Digest,
  IndexBuilder,
  KeptBlock,
  Kernel,
  StrongSum,
  SumParams,
  WeakSum,
} from "../interface.ts";
import { Blake2sp } from "./blake2sp.ts";
import { PortableSummer } from "./block_summer.ts";
import { PortableIndexBuilder } from "./index.ts";
import { Md4 } from "./md4.ts";
import { blake2b256, blake3Sum } from "./noble_hash.ts";
import { RabinKarp } from "./rabinkarp.ts";
import { Rollsum } from "./rollsum.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

const rollingSums: Record<Exclude<WeakSum, "anchor">, () => RollingSum> = {
  rollsum: () => new Rollsum(),
  rabinkarp: () => new RabinKarp(),
};

const strongSums: Record<StrongSum, () => StrongHash> = {
  blake2sp: () => new Blake2sp(),
  blake3: blake3Sum,
  blake2b: blake2b256,
  md4: () => new Md4(),
};

/** Sums that take the place of the ones a signature names. */
export interface CustomSums {
  weak?: (() => RollingSum) | undefined;
  strong?: (() => StrongHash) | undefined;
}

/** Plain TypeScript: runs everywhere, takes sums of the user's own, and is what the other backend is compared with. */
export class PortableKernel implements Kernel {
  readonly backend = "portable";
  readonly #custom: CustomSums;

  constructor(custom: CustomSums = {}) {
    this.#custom = custom;
  }

  summer(params: SumParams): BlockSummer {
    return new PortableSummer(params, this.#rolling(params)?.(), this.#strong(params.strongSum)());
  }

  digest(strongSum: StrongSum): Digest {
    const hash = strongSums[strongSum]();
    hash.reset();
    return {
      update: (bytes) => hash.update(bytes, bytes.length),
      digest: () => hash.digest().slice(),
      release() {},
    };
  }

  index(params: SumParams, kept: KeptBlock): IndexBuilder {
    return new PortableIndexBuilder(params, kept, {
      rolling: this.#rolling(params),
      strong: this.#strong(params.strongSum),
    });
  }

  #rolling({ weakSum }: SumParams): (() => RollingSum) | undefined {
    return this.#custom.weak ?? (weakSum === "anchor" ? undefined : rollingSums[weakSum]);
  }

  #strong(strongSum: StrongSum): () => StrongHash {
    return this.#custom.strong ?? strongSums[strongSum];
  }
}
