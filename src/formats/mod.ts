/** The wire formats, by name. */
import type { FormatCodec } from "./interface.ts";
import { librsync } from "./librsync/mod.ts";
import { luapower } from "./luapower/mod.ts";
import { rsyncStreams } from "./rsync_streams/mod.ts";

/** All formats: a new one is a folder, and a line here. */
const FORMATS = [
  rsyncStreams,
  luapower,
  librsync,
] as const;

/** The name of a wire format. */
export type Format = (typeof FORMATS)[number]["name"];

/** The names of the formats. The first is the default. */
export const FORMAT_NAMES: readonly Format[] = FORMATS.map(({ name }) => name);

/** Codecs by the name of their format. */
export const formats: Readonly<Record<Format, FormatCodec<Format>>> = Object.fromEntries(
  FORMATS.map((codec) => [codec.name, codec]),
) as Record<Format, FormatCodec<Format>>;
