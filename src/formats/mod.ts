/** The wire formats, by name. A new one is a folder, its name in the type, and a line in the table. */
import type { FormatCodec } from "./interface.ts";
import { librsync } from "./librsync/mod.ts";
import { luapower } from "./luapower/mod.ts";
import { rsyncStreams } from "./rsync_streams/mod.ts";

/** The name of a wire format. */
export type Format = "rsync-streams" | "luapower" | "librsync";

/** Codecs by the name of their format. */
export const formats: Readonly<Record<Format, FormatCodec<Format>>> = {
  "rsync-streams": rsyncStreams,
  luapower,
  librsync,
};

/** The names of the formats. */
export const FORMAT_NAMES: readonly Format[] = Object.values(formats).map(({ name }) => name);
