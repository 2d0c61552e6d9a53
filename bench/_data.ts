/** Files to measure with: random bytes, and changes of them. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const MIB = 2 ** 20;

/** A folder that goes with `remove`. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "rsync-streams-bench-"));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** xorshift32 words: quick, the same each time, and nothing that a search would find twice. */
export function* randomChunks(seed: number, length: number): Generator<Uint8Array> {
  let x = seed | 0;
  for (let at = 0; at < length; at += MIB) {
    const words = new Uint32Array(MIB / 4);
    for (let i = 0; i < words.length; i++) {
      x ^= x << 13;
      x ^= x >>> 17;
      x ^= x << 5;
      words[i] = x;
    }
    yield new Uint8Array(words.buffer, 0, Math.min(MIB, length - at));
  }
}

/** Writes random bytes; with `edits`, so many bytes are changed, inserted or left out, evenly spread. */
export function writeRandom(path: string, seed: number, length: number, edits = 0): void {
  const fd = openSync(path, "w");
  const every = edits > 0 ? Math.floor(length / edits) : Infinity;
  let at = 0;
  let next = Math.floor(every / 2);
  let kind = 0;
  for (const chunk of randomChunks(seed, length)) {
    let from = 0;
    while (next < at + chunk.length) {
      const cut = next - at;
      writeSync(fd, chunk, from, cut - from);
      const changed = Uint8Array.of(chunk[cut]! ^ 1, 7, 8, 9);
      kind = (kind + 1) % 3;
      if (kind === 0) writeSync(fd, changed, 0, 1); // changed
      else if (kind === 1) writeSync(fd, changed, 0, 4); // inserted
      from = cut + 1;
      next += every;
    }
    writeSync(fd, chunk, from);
    at += chunk.length;
  }
  closeSync(fd);
}
