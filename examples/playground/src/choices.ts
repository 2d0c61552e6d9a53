/** What can be chosen. The first of each list is the format's own choice. */
import type { Format, StrongSum, WeakSum } from "rsync-streams";

/** The formats, and the sums that each has. */
export const FORMATS: Record<Format, { weakSums: readonly WeakSum[]; strongSums: readonly StrongSum[] }> = {
  "rsync-streams": { weakSums: ["rabinkarp", "rollsum"], strongSums: ["blake3", "blake2b"] },
  "librsync": { weakSums: ["rabinkarp", "rollsum"], strongSums: ["blake2b", "md4"] },
  "luapower": { weakSums: ["rollsum"], strongSums: ["blake2sp"] },
};

/** What each format is good for. */
export const FORMAT_NOTES: Record<Format, string> = {
  "rsync-streams": "verified by SHA-256",
  "librsync": "rdiff reads and writes it",
  "luapower": "the original's",
};

/** The names of the formats. */
export const FORMAT_NAMES = Object.keys(FORMATS) as Format[];
