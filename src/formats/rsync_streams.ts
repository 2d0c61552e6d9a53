/** The library's own wire format, version 1: self-describing, and verified. See docs/format.md. */
import { RsyncStreamsDeltaEncoder, rsyncStreamsDeltaReader } from "./rsync_streams_delta.ts";
import { RsyncStreamsSigReader, RsyncStreamsSigWriter } from "./rsync_streams_sig.ts";
import { DELTA_MAGIC, MIN_BLOCK_LENGTH, SIG_MAGIC } from "./_rsync_streams_numbers.ts";
import { CopyJoiner } from "./_copy_joiner.ts";
import type { FormatCodec } from "./interface.ts";

/** Bytes of the longest data command that the library writes: what a writer holds back until it knows the length. */
const MAX_DATA = 64 * 1024;

/** The codec of the rsync-streams format. */
export const rsyncStreams: FormatCodec = {
  name: "rsync-streams",
  sigMagic: SIG_MAGIC,
  deltaMagic: DELTA_MAGIC,
  weakSums: ["anchor", "rollsum", "rabinkarp"],
  strongSums: ["blake3", "blake2sp", "blake2b"],
  minBlockLength: MIN_BLOCK_LENGTH,
  minStrongLength: 8,
  maxStrongLength: 32,
  hasShortBlock: true,
  hasDigest: true,
  hasRdiffExact: false,
  tail: "last",
  keptBlock: "first",
  preferNext: true,
  sigWriter: (out) => new RsyncStreamsSigWriter(out),
  sigReader: (reader) => new RsyncStreamsSigReader(reader),
  deltaEncoder: (out) => new RsyncStreamsDeltaEncoder(out),
  deltaWriter: (out) => new CopyJoiner(new RsyncStreamsDeltaEncoder(out), MAX_DATA),
  deltaReader: rsyncStreamsDeltaReader,
};
