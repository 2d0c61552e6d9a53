import type { Stats } from "node:fs";

/**
 * The length of a file as the system reports it.
 *
 * 0 counts as unknown: files of `/proc`, block devices, pipes and files of some FUSE systems are reported as empty,
 * whatever can be read from them. Any other length is a hint too: files of `/sys` hold less, and a file can change.
 *
 * @returns Bytes, more than 0; undefined if the length is unknown.
 */
export function reportedLength(stat: Stats): number | undefined {
  return stat.isFile() && stat.size > 0 && Number.isSafeInteger(stat.size) ? stat.size : undefined;
}
