/** Regions in words. */
import { bytes, count } from "../numbers.ts";
import type { Regions } from "../protocol.ts";

/** What a region is. */
export function describe({ offsets, lengths, froms, grain }: Regions, region: number): string {
  const [offset, length, from] = [offsets[region]!, lengths[region]!, froms[region]!];
  const place = `Target ${count(offset)} to ${count(offset + length)}, ${bytes(length)}`;
  const mixed = grain > 0 ? "mostly " : "";
  if (from < 0) return `${place}: ${mixed}literals, sent in the delta`;
  const where = from === offset ? "the same place" : `${count(from)}, ${moved(from, offset)}`;
  return `${place}: ${mixed}copied from the basis at ${where}`;
}

function moved(from: number, offset: number): string {
  return from < offset ? `${bytes(offset - from)} further on now` : `${bytes(from - offset)} further back now`;
}

/** What all regions are together. */
export function summarize({ froms, offsets }: Regions): string {
  let literalCount = 0;
  let movedCount = 0;
  for (let i = 0; i < froms.length; i++) {
    if (froms[i]! < 0) literalCount++;
    else if (froms[i] !== offsets[i]) movedCount++;
  }
  const copiedCount = froms.length - literalCount;
  return `${count(copiedCount)} copied ${copiedCount === 1 ? "region" : "regions"}, ${
    count(movedCount)
  } of them moved; ` +
    `${count(literalCount)} ${literalCount === 1 ? "region" : "regions"} of literals`;
}
