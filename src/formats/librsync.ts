/**
 * The formats of librsync, which `rdiff` and others read and write. They have magics and no digest: neither a wrong
 * basis nor a wrong result is noticed.
 */
import { CopyJoiner } from "./_copy_joiner.ts";
import type { FormatCodec } from "./interface.ts";
import { DELTA_MAGIC, LibrsyncDeltaEncoder, LibrsyncDeltaReader } from "./librsync_delta.ts";
import { LibrsyncSigReader, LibrsyncSigWriter, SIG_MAGIC } from "./librsync_sig.ts";

/** Bytes of the longest literal that the library writes, as rdiff 2.3.2 does. */
const MAX_DATA = 32 * 1024;

/** The codec of librsync's formats. */
export const librsync: FormatCodec = {
  name: "librsync",
  sigMagic: SIG_MAGIC,
  deltaMagic: DELTA_MAGIC,
  weakSums: ["rabinkarp", "rollsum"],
  strongSums: ["blake2b", "md4"],
  minBlockLength: {},
  minStrongLength: 1,
  maxStrongLength: 32,
  hasShortBlock: true,
  hasDigest: false,
  hasRdiffExact: true,
  tail: "any",
  keptBlock: "first",
  preferNext: true,
  sigWriter: (out) => new LibrsyncSigWriter(out),
  sigReader: (reader) => new LibrsyncSigReader(reader),
  deltaEncoder: (out) => new LibrsyncDeltaEncoder(out),
  // Without blocks to look for, rdiff writes a literal for each buffer it reads, which is as long as a block.
  deltaWriter: (out, { blockLength, sigCount, isRdiffExact }) =>
    new CopyJoiner(new LibrsyncDeltaEncoder(out), isRdiffExact && sigCount === 0 ? blockLength! : MAX_DATA),
  deltaReader: (reader) => new LibrsyncDeltaReader(reader),
};
