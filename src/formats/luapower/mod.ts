/**
 * The wire format of luapower/rsync, byte for byte. It has no magic, no lengths and no digest, and counts in blocks,
 * so both sides have to agree on the block length. See docs/formats/luapower.md.
 */
import type { FormatCodec } from "../interface.ts";
import { LuapowerSplitter } from "./_splitter.ts";
import { LuapowerDeltaEncoder, LuapowerDeltaReader, MAX_COPY_COUNT } from "./delta.ts";
import { LuapowerSigReader, LuapowerSigWriter } from "./sig.ts";

/** Length in bytes of the buffer that decides where data commands split. */
const DEFAULT_MEM_LENGTH = 65_536;
/** Commands that one copy becomes at most: 24 KiB of delta. */
const COPIES_AT_ONCE = 4096;

/** The codec of the luapower format. */
export const luapower: FormatCodec<"luapower"> = {
  name: "luapower",
  isSelfDescribing: false,
  hasDigest: false,
  hasShortBlock: false,
  hasRdiffExact: false,
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
    maxCopyLength: ({ blockLength }) => MAX_COPY_COUNT * COPIES_AT_ONCE * blockLength!,
    encoder: ({ blockLength }) => new LuapowerDeltaEncoder(blockLength!),
    shaper: (writer, { blockLength, memLength = DEFAULT_MEM_LENGTH }) =>
      new LuapowerSplitter(writer, blockLength!, memLength),
    reader: (bytes, { blockLength }) => new LuapowerDeltaReader(bytes, blockLength!),
  },
};
