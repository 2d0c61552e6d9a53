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
import { checkDigestSum } from "../check_digest_sum.ts";
import { Blake2sp } from "./blake2sp.ts";
import { PortableBlockSummer } from "./block_summer.ts";
import { PortableDigest } from "./digest.ts";
import { PortableIndexBuilder } from "./index_builder.ts";
import { Md4 } from "./md4.ts";
import { blake2b256, blake3Sum } from "./noble_hash.ts";
import { RabinKarp } from "./rabinkarp.ts";
import { Rollsum } from "./rollsum.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

const strongSums: Record<StrongSum, () => StrongHash> = {
  blake2sp: () => new Blake2sp(),
  blake3: blake3Sum,
  blake2b: blake2b256,
  md4: () => new Md4(),
};

/** How a weak sum is rolled along, or undefined for anchors, which are not. */
function rollingSum(weakSum: WeakSum): (() => RollingSum) | undefined {
  switch (weakSum) {
    case "anchor":
      return undefined;
    case "rollsum":
      return () => new Rollsum();
    case "rabinkarp":
      return () => new RabinKarp();
    default:
      throw new TypeError(`Cannot sum blocks: no weak sum is called "${weakSum satisfies never}"`);
  }
}

/** Sums that take the place of those that a signature names. */
export interface CustomSums {
  weak?: (() => RollingSum) | undefined;
  strong?: (() => StrongHash) | undefined;
}

/** Plain TypeScript: runs everywhere, accepts custom sums, and is the reference for the other backend. */
export class PortableKernel implements Kernel {
  readonly backend = "portable";
  readonly #custom: CustomSums;

  constructor(custom: CustomSums = {}) {
    this.#custom = custom;
  }

  summer(params: SumParams): BlockSummer {
    return new PortableBlockSummer(params, this.#rolling(params)?.(), this.#strong(params.strongSum)());
  }

  digest(strongSum: StrongSum): Digest {
    return new PortableDigest(strongSums[checkDigestSum(strongSum)]());
  }

  index(params: SumParams, kept: KeptBlock): IndexBuilder {
    return new PortableIndexBuilder(params, kept, {
      rolling: this.#rolling(params),
      strong: this.#strong(params.strongSum),
    });
  }

  #rolling({ weakSum }: SumParams): (() => RollingSum) | undefined {
    return this.#custom.weak ?? rollingSum(weakSum);
  }

  #strong(strongSum: StrongSum): () => StrongHash {
    return this.#custom.strong ?? strongSums[strongSum];
  }
}
