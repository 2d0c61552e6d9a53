/** Layered signatures whose layers are not those of one file, or name sums that no block has. */
import { type Layer, layeredSigStream } from "rsync-streams/sync";
import { concat } from "./_recipes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const SALT = new Uint8Array(16);
/** Records of a frame of the finest layer. */
const FRAME_RECORDS = 1024;

/** Where the records of each layer start, in a layered signature: docs/formats/rsync-streams.md, section 1.5. */
function startsOf(fileLength: number, layers: readonly Layer[]): { start: number; end: number }[] {
  const lengths = layers.map(({ blockLength, strongLength }) =>
    Math.ceil(fileLength / blockLength) * (4 + strongLength)
  );
  const fine = layers.length - 1;
  const count = Math.ceil(fileLength / layers[fine]!.blockLength);
  const first = 33 + 5 * layers.length;
  let at = first + 4 * Math.ceil(count / FRAME_RECORDS) + lengths[fine]!;
  const places = layers.map(() => ({ start: first, end: at }));
  at += 44;
  for (let j = fine - 1; j >= 0; j--) {
    places[j] = { start: at, end: at + lengths[j]! };
    at += lengths[j]!;
  }
  return places;
}

/** A layered signature of a file, always with the same salt. */
export async function publish(file: Bytes, layers: readonly Layer[]): Promise<Bytes> {
  const stream = ReadableStream.from([file]).pipeThrough(layeredSigStream({ layers: [...layers], salt: SALT }));
  return await new Response(stream).bytes();
}

/** A layered signature in which layer j is that of `files[j]`. */
export async function mixed(files: readonly Bytes[], layers: readonly Layer[]): Promise<Bytes> {
  const places = startsOf(files[0]!.length, layers);
  const bytes = await publish(files.at(-1)!, layers);
  for (const [j, file] of files.entries()) {
    const { start, end } = places[j]!;
    bytes.set((await publish(file, layers)).subarray(start, end), start);
  }
  return bytes;
}

/** Changes a byte of the strong sums of a layer, save of every `keep`-th record: the others are false alarms. */
export function lie(bytes: Bytes, fileLength: number, layers: readonly Layer[], keep: number): Bytes {
  for (const [j, { start }] of startsOf(fileLength, layers).entries()) {
    const { blockLength, strongLength } = layers[j]!;
    for (let k = 0; k < Math.ceil(fileLength / blockLength); k++) {
      const frames = j === layers.length - 1 ? 4 * (Math.floor(k / FRAME_RECORDS) + 1) : 0;
      if (k % keep !== 0) bytes[start + frames + k * (4 + strongLength) + 4]! ^= 1;
    }
  }
  return bytes;
}

/** Blocks of the local file at other offsets in each part: each pass over the file finds one part of them. */
export function staggered(local: Bytes, count: number): Bytes {
  return concat(Array.from({ length: count }, (_, i) => [local.subarray(i * 5), local.subarray(0, i * 5)]).flat());
}
