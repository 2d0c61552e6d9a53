/** Numbers as people read them. */

const PREFIXES = ["", "k", "M", "G", "T", "P"];

/** Bytes in decimal units, as `1.5 MB`. */
export function formatBytes(count: number): string {
  let value = count;
  let power = 0;
  // 999.95 would round to 1000.0.
  while (value >= 999.95 && power < PREFIXES.length - 1) {
    value /= 1000;
    power++;
  }
  return power === 0 ? `${Math.round(value)} B` : `${value.toFixed(1)} ${PREFIXES[power]}B`;
}

/** Bytes a second, as `1.5 MB/s`. */
export function formatRate(count: number, ms: number): string {
  return `${formatBytes(ms > 0 ? count / ms * 1000 : 0)}/s`;
}

/** A duration, as `1:02:03` or `0:07`. */
export function formatTime(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = String(s).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${tail}` : `${m}:${tail}`;
}

/** A share in per cent, as `12.3 %`. A share of 0 is a dash. */
export function formatShare(part: number, whole: number): string {
  return whole > 0 ? `${(part / whole * 100).toFixed(1)} %` : "–";
}

/** The last millisecond that dates can have. */
const MAX_DATE_MS = 8.64e15;

/** A time as ISO 8601 has it, in UTC. What is out of its range is a number. */
export function formatDate(ms: number): string {
  return Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString() : `${ms} ms after 1970`;
}
