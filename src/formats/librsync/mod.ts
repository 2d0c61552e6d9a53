/**
 * The formats of librsync, which `rdiff` and others read and write. They have magics and no digest: neither a wrong
 * basis nor a wrong result is noticed. See docs/formats/librsync.md.
 */
import { CopyJoiner } from "../bytes/copy_joiner.ts";
import type { FormatCodec } from "../interface.ts";
import { librsyncEncoding } from "./delta.ts";
import { LibrsyncSigReader, LibrsyncSigWriter } from "./sig.ts";
import { librsyncTraits } from "./traits.ts";

/** Bytes of the longest literal that the library writes, as rdiff 2.3.2 does. */
const MAX_DATA = 32 * 1024;

/** The codec of librsync's formats. */
export const librsync: FormatCodec<"librsync"> = {
  ...librsyncTraits,
  search: { tail: "any", keptBlock: "first", preferNext: true },
  sig: {
    weakSums: ["rabinkarp", "rollsum"],
    strongSums: ["blake2b", "md4"],
    minBlockLength: 1,
    minStrongLength: 1,
    maxStrongLength: 32,
    writer: () => new LibrsyncSigWriter(),
    reader: (bytes) => new LibrsyncSigReader(bytes),
  },
  delta: {
    ...librsyncEncoding,
    // Without blocks to look for, rdiff writes a literal for each buffer it reads, which is as long as a block.
    shaper: (writer, { blockLength, sigCount, isRdiffExact }) =>
      new CopyJoiner(writer, isRdiffExact && sigCount === 0 ? blockLength! : MAX_DATA),
  },
};
