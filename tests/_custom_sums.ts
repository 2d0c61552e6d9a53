/** Sums of a user's own, as tests need them. */

/** A weak sum that adds the bytes. */
export class RollingSumOfBytes {
  #sum = 0;
  reset(): void {
    this.#sum = 0;
  }
  update(bytes: Uint8Array, length: number): void {
    for (let i = 0; i < length; i++) this.#sum += bytes[i]!;
  }
  rotate(out: number, into: number): void {
    this.#sum += into - out;
  }
  digest(): number {
    return this.#sum;
  }
}

/** A strong sum of five bytes. */
export class FiveByteSum {
  readonly length = 5;
  #sum = new Uint8Array(5);
  reset(): void {
    this.#sum = new Uint8Array(5);
  }
  update(bytes: Uint8Array, length: number): void {
    for (let i = 0; i < length; i++) this.#sum[i % 5] = Math.imul(this.#sum[i % 5]! ^ bytes[i]!, 167) + i;
  }
  digest(): Uint8Array {
    return this.#sum;
  }
}
