/** Constants of the two rolling sums. */

/** What the rollsum adds to each byte. */
export const ROLLSUM_OFFSET = 31;
/** The RabinKarp sum is a polynomial in this number, modulo 2^32. */
export const RABINKARP_MULTIPLIER = 0x0810_4225;
/** The multiplier times this is 1, modulo 2^32. */
export const RABINKARP_INVERSE = 0x98f0_09ad;
/** The RabinKarp sum of no bytes. */
export const RABINKARP_SEED = 1;
