/** The wire formats, by name and by magic. Nothing else knows a magic or an opcode. */
import type { ByteReader } from "./_byte_reader.ts";
import type { Format, FormatCodec } from "./interface.ts";
import { librsync } from "./librsync.ts";
import { luapower } from "./luapower.ts";
import { rsyncStreams } from "./rsync_streams.ts";

/** Codecs by the name of their format. */
export const formats: Readonly<Record<Format, FormatCodec>> = { "rsync-streams": rsyncStreams, luapower, librsync };

/** The names of the formats. */
export const FORMAT_NAMES = Object.keys(formats) as readonly Format[];

const MAGIC_LENGTH = 4;

/** The format whose magic a reader is at, or undefined if more bytes are needed to tell. Nothing is read over. */
export function recognize(reader: ByteReader, kind: "sigMagic" | "deltaMagic"): FormatCodec | undefined {
  const bytes = reader.peek(MAGIC_LENGTH);
  if (!bytes) return undefined;
  for (const codec of Object.values(formats)) {
    const magic = codec[kind];
    if (magic && magic.every((byte, i) => bytes[i] === byte)) return codec;
  }
  const seen = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const other = kind === "sigMagic" ? "deltaMagic" : "sigMagic";
  const isOther = Object.values(formats).some((codec) => codec[other]?.every((byte, i) => bytes[i] === byte));
  const hint = isOther
    ? `this is a ${kind === "sigMagic" ? "delta" : "signature"}`
    : 'it starts as no known format does (a luapower file has no magic and takes `format: "luapower"`)';
  throw reader.error("bad-magic", `${hint}; the first bytes are ${seen}`);
}
