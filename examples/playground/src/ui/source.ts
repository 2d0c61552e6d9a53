/** A pair to work on. The name of the target is what the patched file is saved as. */
export interface Source {
  basis: File;
  target: File;
}
