/**
 * The wire formats, by name. A new one is a folder, its name in the type, and a line in each table. There are several
 * tables so that a bundle has only what it uses of each format: a program that patches reads deltas, and neither writes
 * nor signs.
 */
import type { Format } from "./format.ts";
import type { DeltaEncoding, FormatCodec, FormatTraits, OpenDelta, OpenPatch } from "./interface.ts";
import { librsyncEncoding, openLibrsyncDelta } from "./librsync/delta.ts";
import { librsync } from "./librsync/mod.ts";
import { openLibrsyncPatch } from "./librsync/patch_reader.ts";
import { librsyncTraits } from "./librsync/traits.ts";
import { luapowerEncoding, openLuapowerDelta } from "./luapower/delta.ts";
import { luapower } from "./luapower/mod.ts";
import { openLuapowerPatch } from "./luapower/patch_reader.ts";
import { luapowerTraits } from "./luapower/traits.ts";
import { openRsyncStreamsDelta, rsyncStreamsEncoding } from "./rsync_streams/delta.ts";
import { rsyncStreams } from "./rsync_streams/mod.ts";
import { openRsyncStreamsPatch } from "./rsync_streams/patch_reader.ts";
import { rsyncStreamsTraits } from "./rsync_streams/traits.ts";

type Table<Value> = Readonly<Record<Format, Value>>;

/** What each format says of itself. */
export const formatTraits: Table<FormatTraits<Format>> = {
  "rsync-streams": rsyncStreamsTraits,
  luapower: luapowerTraits,
  librsync: librsyncTraits,
};

/** Readers of deltas. */
export const deltaReaders: Table<OpenDelta> = {
  "rsync-streams": openRsyncStreamsDelta,
  luapower: openLuapowerDelta,
  librsync: openLibrsyncDelta,
};

/** Readers of deltas for patches. */
export const patchReaders: Table<OpenPatch> = {
  "rsync-streams": openRsyncStreamsPatch,
  luapower: openLuapowerPatch,
  librsync: openLibrsyncPatch,
};

/** Writers of commands. */
export const deltaEncodings: Table<DeltaEncoding> = {
  "rsync-streams": rsyncStreamsEncoding,
  luapower: luapowerEncoding,
  librsync: librsyncEncoding,
};

/** Codecs for signing and searching. */
export const formats: Table<FormatCodec<Format>> = {
  "rsync-streams": rsyncStreams,
  luapower,
  librsync,
};

/** The names of the formats. */
export const FORMAT_NAMES: readonly Format[] = /* @__PURE__ */ Object.values(formatTraits).map(({ name }) => name);
