/**
 * The wire format of luapower/rsync, byte for byte. It has no magic, no lengths and no digest, and counts in
 * blocks, so both sides have to agree on the block length.
 */
import { LuapowerDeltaEncoder, LuapowerDeltaReader } from "./luapower_delta.ts";
import { LuapowerSigReader, LuapowerSigWriter } from "./luapower_sig.ts";
import { LuapowerSplitter } from "./luapower_splitter.ts";
import type { FormatCodec } from "./interface.ts";

/** Length of the buffer that decides where data commands split. */
export const DEFAULT_MEM_LENGTH = 65_536;

/** The codec of the luapower format. */
export const luapower: FormatCodec = {
  name: "luapower",
  weakSums: ["rollsum"],
  strongSums: ["blake2sp"],
  minBlockLength: {},
  minStrongLength: 32,
  maxStrongLength: 32,
  hasShortBlock: false,
  hasDigest: false,
  hasRdiffExact: false,
  tail: "none",
  keptBlock: "last",
  preferNext: false,
  sigWriter: (out) => new LuapowerSigWriter(out),
  sigReader: (reader, header) => new LuapowerSigReader(reader, header!),
  deltaEncoder: (out, { blockLength }) => new LuapowerDeltaEncoder(out, blockLength!),
  deltaWriter: (out, { blockLength, memLength = DEFAULT_MEM_LENGTH }) =>
    new LuapowerSplitter(new LuapowerDeltaEncoder(out, blockLength!), blockLength!, memLength),
  deltaReader: (reader, { blockLength }) => new LuapowerDeltaReader(reader, blockLength!),
};
