/** The library's own wire format, version 1: self-describing, and verified. See docs/formats/rsync-streams.md. */
import { CopyJoiner } from "../bytes/copy_joiner.ts";
import type { FormatCodec } from "../interface.ts";
import { MAX_STRONG_LENGTH, MIN_BLOCK_LENGTH, MIN_STRONG_LENGTH, SALT_LENGTH } from "./_numbers.ts";
import { rsyncStreamsEncoding } from "./delta.ts";
import { RsyncStreamsSigReader, RsyncStreamsSigWriter } from "./sig.ts";
import { rsyncStreamsTraits } from "./traits.ts";

/** Bytes of the longest data command that the library writes: a writer holds them back until it knows the length. */
const MAX_DATA = 64 * 1024;

/** The codec of the rsync-streams format. */
export const rsyncStreams: FormatCodec<"rsync-streams"> = {
  ...rsyncStreamsTraits,
  search: { tail: "last", keptBlock: "first", preferNext: true },
  sig: {
    weakSums: ["rabinkarp", "rollsum"],
    strongSums: ["blake3", "blake2b"],
    minBlockLength: MIN_BLOCK_LENGTH,
    minStrongLength: MIN_STRONG_LENGTH,
    maxStrongLength: MAX_STRONG_LENGTH,
    saltLength: SALT_LENGTH,
    writer: () => new RsyncStreamsSigWriter(),
    reader: (bytes) => new RsyncStreamsSigReader(bytes),
  },
  delta: {
    ...rsyncStreamsEncoding,
    shaper: (writer) => new CopyJoiner(writer, MAX_DATA),
  },
};
