/**
 * The list of runs that a client asks a handler for: for each run two varints, the gap since the end of the run before
 * and the length. A varint has seven bits in each byte, the lowest first; the highest bit says that more follow.
 */

/** Consecutive bytes of a file. */
export interface Run {
  readonly offset: number;
  /** At least 1. */
  readonly length: number;
}

/** Bytes of the longest varint. */
const MAX_VARINT_LENGTH = 8;

/** Bytes of runs. */
export function lengthOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { length }) => sum + length, 0);
}

/** Writes runs, which ascend and do not overlap. */
export function encodeRuns(runs: readonly Run[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let end = 0;
  for (const { offset, length } of runs) {
    writeVarint(bytes, offset - end);
    writeVarint(bytes, length);
    end = offset + length;
  }
  return Uint8Array.from(bytes);
}

/**
 * Reads a list of runs.
 *
 * @returns The runs, which ascend and do not overlap. Undefined if it is no list of runs.
 */
export function decodeRuns(bytes: Uint8Array): Run[] | undefined {
  const runs: Run[] = [];
  let at = 0;
  let end = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_LENGTH; i++) {
      const byte = bytes[at++];
      if (byte === undefined) return NaN;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    return NaN;
  };
  while (at < bytes.length) {
    const offset = end + readVarint();
    const length = readVarint();
    end = offset + length;
    if (!(length >= 1) || !Number.isSafeInteger(end)) return undefined;
    runs.push({ offset, length });
  }
  return runs;
}

function writeVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push(rest % 0x80 + 0x80);
  bytes.push(rest);
}
