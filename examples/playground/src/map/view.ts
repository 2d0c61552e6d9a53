/** Which part of a target is seen, and which regions are in it. */
import type { Regions } from "../protocol.ts";

/** Bytes from `start` to `end`. */
export interface View {
  start: number;
  end: number;
}

/** Bytes that are seen at least. */
const MIN_LENGTH = 16;

/** A view of another length around a place, inside of the file. */
export function zoom(view: View, fileLength: number, factor: number, center: number): View {
  const length = Math.min(fileLength, Math.max(MIN_LENGTH, (view.end - view.start) / factor));
  const share = (center - view.start) / (view.end - view.start);
  return inside({ start: center - share * length, end: center + (1 - share) * length }, fileLength);
}

/** A view that is moved by some bytes, inside of the file. */
export function pan(view: View, fileLength: number, by: number): View {
  return inside({ start: view.start + by, end: view.end + by }, fileLength);
}

/** A view in which a region is seen, as near to this one as can be. */
export function reveal(view: View, fileLength: number, offset: number, length: number): View {
  if (offset >= view.start && offset + length <= view.end) return view;
  const seen = view.end - view.start;
  if (length >= seen) return zoom({ start: offset, end: offset + length }, fileLength, 0.8, offset + length / 2);
  return pan(view, fileLength, offset + length / 2 - (view.start + view.end) / 2);
}

function inside({ start, end }: View, fileLength: number): View {
  const moved = Math.max(0, -start) - Math.max(0, end - fileLength);
  return { start: Math.max(0, start + moved), end: Math.min(fileLength, end + moved) };
}

/** The first region that ends after an offset. */
export function regionAt({ offsets, lengths }: Regions, offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[middle]! + lengths[middle]! > offset) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The regions that are seen: the first, and the one after the last. */
export function visibleRegions(regions: Regions, { start, end }: View): [number, number] {
  const first = regionAt(regions, start);
  let last = first;
  while (last < regions.offsets.length && regions.offsets[last]! < end) last++;
  return [first, last];
}

/** The part of the basis that the visible regions are copied from; all of it if none is. */
export function basisView(regions: Regions, [first, last]: [number, number], view: View, basisLength: number): View {
  let start = Infinity;
  let end = 0;
  for (let i = first; i < last; i++) {
    if (regions.froms[i]! < 0) continue;
    // Of a long region only the part that is seen counts.
    const skipped = Math.max(0, view.start - regions.offsets[i]!);
    const cut = Math.max(0, regions.offsets[i]! + regions.lengths[i]! - view.end);
    start = Math.min(start, regions.froms[i]! + skipped);
    end = Math.max(end, regions.froms[i]! + regions.lengths[i]! - cut);
  }
  const length = view.end - view.start;
  if (!(end > start)) return { start: 0, end: basisLength };
  const missing = Math.max(0, length - (end - start));
  return inside({ start: start - missing / 2, end: end + missing / 2 }, basisLength);
}
