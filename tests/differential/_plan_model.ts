/**
 * A slow model of `planSync`, written from docs/sync.md and docs/formats/rsync-streams.md alone. It compares bytes, and
 * the library compares sums. So both agree as long as no two different blocks have equal sums and no search gives up.
 */

/** What the model is given. */
export interface ModelInput {
  remote: Uint8Array;
  local: Uint8Array;
  layers: readonly { blockLength: number; strongLength: number }[];
  literalCost: number;
  readCost: number;
  maxInputLength: number;
}

/** A run of the remote file. */
interface Run {
  offset: number;
  length: number;
  from: number | undefined;
}

/** Numbers of records, from the first to the one after the last. */
interface Span {
  start: number;
  end: number;
}

/** Passes over the local file in a layer, at most. */
const MAX_PASSES = 8;
/** Bytes of the end of the signature that are read at the start. */
const TAIL_LENGTH = 2048;
/** Records of a frame of the finest layer, and bytes of its count. */
const FRAME_RECORDS = 1024;
const COUNT_LENGTH = 4;
/** Bytes of a trailer with a digest. */
const TRAILER_LENGTH = 44;

/** Bytes as a string, a character for each. */
function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** The plan that `planSync` is to make. */
export function modelPlan({ remote, local, layers, literalCost, readCost, maxInputLength }: ModelInput) {
  const [remoteText, localText] = [textOf(remote), textOf(local)];
  const layout = layoutOf(remote.length, layers);
  let runs: Run[] = remote.length > 0 ? [{ offset: 0, length: remote.length, from: undefined }] : [];
  let sigBytes = Math.min(TAIL_LENGTH, layout.size);
  let sigReads = 1;
  let recordBytes = 0;
  let share = 0;
  const blockLengths: number[] = [];
  for (const [j, { blockLength, strongLength }] of layers.entries()) {
    const gone = runs.filter(({ from }) => from === undefined);
    const missing = sumOf(gone);
    if (missing === 0 || local.length === 0) break;

    const recordLength = 4 + strongLength;
    const spans = gone.map(({ offset, length }) => spanOf(offset, length, blockLength));
    /** Reads records; false if they are too many. */
    const read = (spans: readonly Span[]): boolean => {
      // Two pieces are read together if the records between them cost no more than a read.
      const reads: Span[] = [];
      for (const { start, end } of spans) {
        const last = reads.at(-1);
        if (last && (start - last.end) * recordLength <= readCost) last.end = end;
        else reads.push({ start, end });
      }
      recordBytes += reads.reduce((sum, { start, end }) => sum + (end - start) * recordLength, 0);
      if (recordBytes > maxInputLength) return false;
      for (const { start, end } of reads) {
        const first = layout.offsetOf(j, start);
        // The end of the signature is there already.
        if (first >= layout.size - TAIL_LENGTH) continue;
        sigReads++;
        sigBytes += layout.offsetOf(j, end - 1) + recordLength - first;
      }
      return true;
    };

    // The stopping rule: the first two layers are always searched.
    const records = spans.reduce((sum, { start, end }) => sum + end - start, 0);
    const cost = records * recordLength + gone.length * readCost / 8;
    const paysOff = (share: number) => missing * share * literalCost > cost;
    if (blockLengths.length >= 2 && !paysOff(share)) {
      const count = Math.ceil(missing / blockLength);
      const piece = Math.min(64, Math.floor(count / 64));
      const isWorthIt = paysOff(1) && 4 * (piece * recordLength + readCost) <= missing * literalCost / 16;
      if (!isWorthIt || piece === 0) break;
      const numbered = spans.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
      const sample = numbered.filter((_, i) => i % Math.ceil(count / 4) < piece);
      if (!read(sample.map((block) => ({ start: block, end: block + 1 })))) break;
      const texts = sample.map((block) => remoteText.slice(block * blockLength, (block + 1) * blockLength));
      const places = search(texts, localText, blockLength);
      const lengthOf = (texts: readonly string[]) => texts.reduce((sum, { length }) => sum + length, 0);
      if (!paysOff(lengthOf(texts.filter((text) => places.has(text))) / lengthOf(texts) / 2)) break;
    }
    if (!read(spans)) break;

    const blocks = gone.flatMap(({ offset, length }) =>
      Array.from({ length: Math.ceil(length / blockLength) }, (_, k) => ({
        offset: offset + k * blockLength,
        length: Math.min(blockLength, length - k * blockLength),
        from: undefined,
      }))
    );
    const places = search(
      blocks.map(({ offset, length }) => remoteText.substr(offset, length)),
      localText,
      blockLength,
    );
    const found = blocks.map((block) => ({
      ...block,
      from: places.get(remoteText.substr(block.offset, block.length)),
    }));
    runs = joined([...runs.filter(({ from }) => from !== undefined), ...found]);
    blockLengths.push(blockLength);
    share = 1 - sumOf(runs.filter(({ from }) => from === undefined)) / missing;
  }
  const gone = runs.filter(({ from }) => from === undefined);
  return { runs, missingLength: sumOf(gone), missingCount: gone.length, sigBytes, sigReads, blockLengths };
}

/** The blocks of a piece of the remote file. */
function spanOf(offset: number, length: number, blockLength: number): Span {
  return { start: Math.floor(offset / blockLength), end: Math.ceil((offset + length) / blockLength) };
}

/** Where the local file has blocks: a few passes, each in search of those that the one before did not find. */
function search(blocks: readonly string[], local: string, blockLength: number): Map<string, number> {
  const places = new Map<string, number>();
  const left = new Set(blocks);
  for (let pass = 0; pass < MAX_PASSES && left.size > 0; pass++) {
    const found = new Map<string, number>();
    let at = 0;
    while (at + blockLength <= local.length) {
      const window = local.substr(at, blockLength);
      if (left.has(window)) {
        if (!found.has(window)) found.set(window, at);
        at += blockLength;
      } else at++;
    }
    // The short last block is found at the end of the local file alone, behind what was found before it.
    const last = blocks.at(-1)!;
    const end = local.length - last.length;
    if (last.length < blockLength && left.has(last) && end >= at && local.endsWith(last)) found.set(last, end);
    if (found.size === 0) break;
    for (const [block, place] of found) {
      places.set(block, place);
      left.delete(block);
    }
  }
  return places;
}

/** The runs in their order. Those that continue each other are one. */
function joined(runs: readonly Run[]): Run[] {
  const list: Run[] = [];
  for (const run of runs.toSorted((a, b) => a.offset - b.offset)) {
    const last = list.at(-1);
    const next = last?.from === undefined ? undefined : last.from + last.length;
    if (last && run.from === next) last.length += run.length;
    else list.push({ ...run });
  }
  return list;
}

function sumOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { length }) => sum + length, 0);
}

/** Section 1.5 of the format page, "Offsets": where records are, and the size of a signature without an entity tag. */
function layoutOf(fileLength: number, layers: ModelInput["layers"]) {
  const n = layers.length;
  const f = n - 1;
  const r = layers.map(({ strongLength }) => 4 + strongLength);
  const c = layers.map(({ blockLength }) => Math.ceil(fileLength / blockLength));
  const start: number[] = [];
  let at = 33 + 5 * n + COUNT_LENGTH * Math.ceil(c[f]! / FRAME_RECORDS) + c[f]! * r[f]! + TRAILER_LENGTH;
  for (let j = f - 1; j >= 0; j--) {
    start[j] = at;
    at += c[j]! * r[j]!;
  }
  return {
    size: at + 77 + 5 * n,
    offsetOf(j: number, i: number): number {
      if (j < f) return start[j]! + i * r[j]!;
      return 33 + 5 * n + COUNT_LENGTH * (Math.floor(i / FRAME_RECORDS) + 1) + i * r[f]!;
    },
  };
}
