/** Files to measure with: random bytes, and changes of them. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const MIB = 2 ** 20;

/** Makes a temporary folder; `remove` deletes it. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "rsync-streams-bench-"));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** Random chunks of xorshift32 words: fast, the same each time, with no block twice. */
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

/** The bytes of `randomChunks()` in one array. */
export function randomBytes(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of randomChunks(seed, length)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Streams bytes in chunks. The stream of a Blob would hide what is measured: Deno 2.9 reads it at 250 MB/s. */
export function streamOf(bytes: Uint8Array<ArrayBuffer>, chunkLength = MIB): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += chunkLength));
    },
  }, { highWaterMark: 0 });
}

/** Reads a stream to its end and keeps nothing. */
export async function drain(readable: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of readable);
}

/** Writes random bytes, with `edits` changes, insertions and deletions at equal distances. */
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

/** Writes a file with its blocks in another order, no two of them beside each other as they were. */
export function writeMoved(from: string, to: string, block: number): void {
  const bytes = readFileSync(from);
  const count = Math.floor(bytes.length / block);
  const fd = openSync(to, "w");
  // A prime number, so that each block comes once.
  for (let i = 0; i < count; i++) writeSync(fd, bytes, i * 1_299_709 % count * block, block);
  closeSync(fd);
}
