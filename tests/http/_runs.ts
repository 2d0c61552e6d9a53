/** Lists of runs as docs/http.md has them: for each run the gap before it and its length, as varints. */
export interface Run {
  readonly offset: number;
  readonly length: number;
}

export function encodeRuns(runs: readonly Run[]): Uint8Array<ArrayBuffer> {
  let end = 0;
  return Uint8Array.from(runs.flatMap(({ offset, length }) => {
    const gap = offset - end;
    end = offset + length;
    return [...varint(gap), ...varint(length)];
  }));
}

/** Seven bits a byte, the lowest first; the highest bit says that more follow. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}
