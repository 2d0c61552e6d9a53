/** Numbers as people read them. */

/** A count, with separators. */
export function count(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 0 });
}

/** Bytes, exactly. */
export function bytes(value: number): string {
  return `${count(value)} ${value === 1 ? "byte" : "bytes"}`;
}

/** A share from 0 to 1 in percent. */
export function percent(share: number): string {
  return `${(share * 100).toLocaleString("en", { maximumFractionDigits: share > 0.99 && share < 1 ? 3 : 1 })} %`;
}

/** Bytes in a second, in MB. */
export function rate(bytesPerSecond: number): string {
  return `${(bytesPerSecond / 1e6).toLocaleString("en", { maximumFractionDigits: 1 })} MB/s`;
}

/** A time that is left, in seconds or minutes. */
export function duration(seconds: number): string {
  if (seconds < 1) return "less than 1 s";
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
