/**
 * The wire format of luapower/rsync, byte for byte. It has no magic, no lengths and no digest, and counts in blocks,
 * so both sides have to agree on the block length. See docs/formats/luapower.md.
 */
import type { FormatCodec } from "../interface.ts";
import { LuapowerSplitter } from "./_splitter.ts";
import { luapowerEncoding } from "./delta.ts";
import { LuapowerSigReader, LuapowerSigWriter } from "./sig.ts";
import { luapowerTraits } from "./traits.ts";

/** Length in bytes of the buffer that decides where data commands split. */
const DEFAULT_MEM_LENGTH = 65_536;

/** The codec of the luapower format. */
export const luapower: FormatCodec<"luapower"> = {
  ...luapowerTraits,
  search: { tail: "none", keptBlock: "last", preferNext: false },
  sig: {
    weakSums: ["rollsum"],
    strongSums: ["blake2sp"],
    minBlockLength: 1,
    minStrongLength: 32,
    maxStrongLength: 32,
    writer: () => new LuapowerSigWriter(),
    reader: (bytes, header) => new LuapowerSigReader(bytes, header!),
  },
  delta: {
    ...luapowerEncoding,
    shaper: (writer, { blockLength, memLength = DEFAULT_MEM_LENGTH }) =>
      new LuapowerSplitter(writer, blockLength!, memLength),
  },
};
