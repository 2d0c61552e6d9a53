/** Somebody who has bytes in a place of the kernel's memory until another needs it. */
export interface Guest {
  /** Saves the bytes elsewhere. */
  leave(): void;
}

/** A place in the kernel's memory that guests take turns in. So nobody holds such memory while it waits. */
export class Place {
  readonly address: number;
  readonly length: number;
  #guest: Guest | undefined;

  constructor(address: number, length: number) {
    this.address = address;
    this.length = length;
  }

  /** Gives the place to a guest, or to nobody. Returns whether it was not the guest's already. */
  take(guest: Guest | undefined): boolean {
    if (this.#guest === guest) return false;
    this.#guest?.leave();
    this.#guest = guest;
    return true;
  }

  /** Makes the place free, if it is the guest's, and saves nothing. */
  free(guest: Guest): void {
    if (this.#guest === guest) this.#guest = undefined;
  }
}
