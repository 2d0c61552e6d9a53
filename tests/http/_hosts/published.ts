/** Files with a published signature, which the hosts serve, and older versions of them. */
import { layeredSigStream } from "rsync-streams/sync";
import { SALT, source, toBytes } from "../../_helpers.ts";
import { concat, randomBytes, xorshift } from "../../_recipes.ts";
import type { Bytes, Version } from "./host.ts";

/** Where hosts serve the file. */
export const FILE = "/files/app.tar";
/** Where they serve its signature. */
export const SIG = `${FILE}.rsig`;
/** When the file was published. */
export const MODIFIED_MS = Date.UTC(2025, 5, 1);
/** The tag of the file. */
export const TAG = '"v2"';
/** A boundary that the file has in it: the host was unlucky. */
export const BOUNDARY_IN_FILE = "a-boundary-in-the-file";

/** An update: what the client has, and what the host serves. */
export interface Published {
  readonly basis: Bytes;
  readonly file: Version;
  readonly sig: Version;
}

/** How many pieces are edited, and how long the file is. */
export type Size = "edited" | "many" | "small";

const SIZES: Record<Size, { length: number; edits: number }> = {
  // A plan with a good many runs.
  edited: { length: 300_000, edits: 24 },
  // More runs than a CDN takes in one request.
  many: { length: 1_500_000, edits: 420 },
  // One that is updated thousands of times.
  small: { length: 24_000, edits: 1 },
};

const kept = new Map<Size, Promise<Published>>();

/** An update of that size. */
export function published(size: Size): Promise<Published> {
  let update = kept.get(size);
  if (!update) kept.set(size, update = make(SIZES[size]));
  return update;
}

async function make({ length, edits }: { length: number; edits: number }): Promise<Published> {
  const basis = randomBytes(length, length);
  const bytes = edited(basis, edits);
  return { basis, ...await publish({ bytes, entityTag: TAG, modifiedMs: MODIFIED_MS }) };
}

/** A version and its signature, as one deploys them. `footer` is what the signature says instead. */
export async function publish(
  file: Version,
  footer: { entityTag?: string; modifiedMs?: number } = {},
): Promise<{ file: Version; sig: Version }> {
  const options = {
    fileLength: file.bytes.length,
    salt: SALT,
    entityTag: file.entityTag,
    modifiedMs: file.modifiedMs,
    ...footer,
  };
  const bytes = await toBytes(source(file.bytes).pipeThrough(layeredSigStream(options)));
  const entityTag = file.entityTag?.replace(/"$/, '-sig"');
  return { file, sig: { bytes, entityTag, modifiedMs: file.modifiedMs, type: "application/vnd.rsync-streams.sig" } };
}

/** Pieces of 30 bytes are replaced, at even distances; one is longer, and has a boundary in it. */
export function edited(basis: Bytes, edits: number, seed = 7): Bytes {
  const { below } = xorshift(seed);
  const distance = Math.floor(basis.length / (edits + 1));
  const pieces: Bytes[] = [];
  let at = 0;
  for (let i = 1; i <= edits; i++) {
    const next = i * distance + below(distance >> 2);
    const piece = i === 1
      ? new TextEncoder().encode(`A new piece.\r\n--${BOUNDARY_IN_FILE}\r\n\r\nIt goes on.`)
      : randomBytes(seed + i, 30);
    pieces.push(basis.slice(at, next), piece);
    at = next + 30;
  }
  return concat([...pieces, basis.slice(at)]);
}
