/** The library's own wire format, version 1: self-describing, and verified. See docs/formats/rsync-streams.md. */
import { CopyJoiner } from "../bytes/copy_joiner.ts";
import type { FormatCodec } from "../interface.ts";
import { DELTA_MAGIC, MIN_BLOCK_LENGTH, SIG_MAGIC } from "./_numbers.ts";
import { RsyncStreamsDeltaEncoder, RsyncStreamsDeltaReader } from "./delta.ts";
import { RsyncStreamsSigReader, RsyncStreamsSigWriter } from "./sig.ts";

/** Bytes of the longest data command that the library writes: a writer holds them back until it knows the length. */
const MAX_DATA = 64 * 1024;

/** The codec of the rsync-streams format. */
export const rsyncStreams: FormatCodec<"rsync-streams"> = {
  name: "rsync-streams",
  isSelfDescribing: true,
  hasDigest: true,
  hasShortBlock: true,
  hasRdiffExact: false,
  search: { tail: "last", keptBlock: "first", preferNext: true },
  sig: {
    magic: SIG_MAGIC,
    weakSums: ["rabinkarp", "rollsum"],
    strongSums: ["blake3", "blake2sp", "blake2b"],
    minBlockLength: MIN_BLOCK_LENGTH,
    minStrongLength: 8,
    maxStrongLength: 32,
    writer: () => new RsyncStreamsSigWriter(),
    reader: (bytes) => new RsyncStreamsSigReader(bytes),
  },
  delta: {
    magic: DELTA_MAGIC,
    encoder: () => new RsyncStreamsDeltaEncoder(),
    shaper: (writer) => new CopyJoiner(writer, MAX_DATA),
    reader: (bytes) => new RsyncStreamsDeltaReader(bytes),
  },
};
