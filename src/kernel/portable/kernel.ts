import type { BlockSummer, IndexBuilder, KeptBlock, Kernel, StrongSum, SumParams, WeakSum } from "../interface.ts";
import { checkSalt } from "../check_salt.ts";
import { Blake2b } from "./blake2b.ts";
import { Blake2sp } from "./blake2sp.ts";
import { Blake3 } from "./blake3.ts";
import { PortableBlockSummer } from "./block_summer.ts";
import { PortableIndexBuilder } from "./index_builder.ts";
import { Md4 } from "./md4.ts";
import { RabinKarp } from "./rabinkarp.ts";
import { Rollsum } from "./rollsum.ts";
import type { RollingSum, StrongHash } from "./sums.ts";

const strongSums: Record<StrongSum, (salt?: Uint8Array) => StrongHash> = {
  blake2sp: () => new Blake2sp(),
  blake3: (salt) => new Blake3(salt && padded(salt, 32)),
  blake2b: (salt) => new Blake2b(salt),
  md4: () => new Md4(),
};

const weakSums: Record<WeakSum, () => RollingSum> = {
  rollsum: () => new Rollsum(),
  rabinkarp: () => new RabinKarp(),
};

/** A salt and zeros, as the key of BLAKE3. */
function padded(salt: Uint8Array, length: number): Uint8Array {
  const key = new Uint8Array(length);
  key.set(salt);
  return key;
}

/** Makes a weak sum. */
export function createRollingSum(weakSum: WeakSum): RollingSum {
  return weakSums[weakSum]();
}

/** Makes a strong sum, with the salt if there is one. */
export function createStrongHash({ strongSum, salt }: SumParams): StrongHash {
  return strongSums[strongSum](salt);
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
    return new PortableBlockSummer(params, this.#rolling(params.weakSum)(), this.#strong(params)());
  }

  index(params: SumParams, kept: KeptBlock): IndexBuilder {
    return new PortableIndexBuilder(params, kept, {
      rolling: this.#rolling(params.weakSum),
      strong: this.#strong(params),
    });
  }

  #rolling(weakSum: WeakSum): () => RollingSum {
    return this.#custom.weak ?? weakSums[weakSum];
  }

  #strong(params: SumParams): () => StrongHash {
    const { strong } = this.#custom;
    if (strong && params.salt) throw new TypeError("Cannot use a salt: a strong sum of the caller's own has no key");
    checkSalt(params);
    // A copy: the caller may change its salt.
    const salt = params.salt?.slice();
    return strong ?? (() => strongSums[params.strongSum](salt));
  }
}
