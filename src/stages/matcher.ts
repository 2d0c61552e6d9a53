import type { DeltaCommand } from "../engine/delta_command.ts";
import { Matcher } from "../engine/matcher.ts";
import type { DeltaStats } from "../engine/stats.ts";
import { CommandCollector } from "../formats/bytes/command_collector.ts";
import type { DeltaWriter } from "../formats/bytes/writer.ts";
import type { FormatCodec } from "../formats/interface.ts";
import { formats } from "../formats/mod.ts";
import { type CountedStage, joinParts } from "./_join.ts";
import { Written } from "./_written.ts";
import { createDigest } from "./digest.ts";
import { type Signature, signatureParts } from "./signature.ts";

/** Bytes of delta worth a chunk of their own while there is still input. */
const CHUNK_LENGTH = 256 * 1024;

/** What is asked of a delta. */
export interface MatcherOptions {
  /** Whether it ends in a digest of the target. */
  readonly digest: boolean;
  /** For formats whose data commands depend on the length of a buffer. */
  readonly memLength: number | undefined;
  /** Whether each byte shall be as rdiff writes it. */
  readonly rdiffExact?: boolean;
}

/** Target bytes → delta bytes. */
export function createDeltaStage(
  signature: Signature,
  codec: FormatCodec,
  options: MatcherOptions,
): CountedStage<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, DeltaStats> {
  const { blockLength } = signature;
  return deltaStage(signature, codec, options, codec.delta.encoder({ blockLength }), CHUNK_LENGTH);
}

/** Target bytes → the commands of a delta, as the format joins and splits them. */
export function createMatchStage(
  signature: Signature,
  codec: FormatCodec,
  options: MatcherOptions,
): CountedStage<Uint8Array<ArrayBuffer>, DeltaCommand[], DeltaStats> {
  return deltaStage(signature, codec, options, new CommandCollector(), 1);
}

function deltaStage<Out extends { length: number }>(
  signature: Signature,
  codec: FormatCodec,
  options: MatcherOptions,
  writer: DeltaWriter<Out>,
  chunkLength: number,
): CountedStage<Uint8Array<ArrayBuffer>, Out, DeltaStats> {
  const { memLength, rdiffExact = false } = options;
  const { blockLength, sigCount } = signature;
  const matcher = createMatcher(signature, codec, options);
  const { stats } = matcher;
  const shaper = codec.delta.shaper(writer, { blockLength, memLength, sigCount, isRdiffExact: rdiffExact });
  return joinParts(matcher, new Written(matcher, shaper, stats, chunkLength), stats, () => matcher.release());
}

/** A search for what the delta's format can copy. */
function createMatcher(
  signature: Signature,
  codec: FormatCodec,
  { digest, rdiffExact = false }: MatcherOptions,
): Matcher {
  const { format, header, index } = signatureParts(signature);
  const { blockLength } = header;
  return new Matcher({
    searcher: index.searcher({
      tail: codec.hasShortBlock ? formats[format].search.tail : "none",
      preferNext: codec.search.preferNext && !rdiffExact,
    }),
    blockLength,
    sigCount: index.count,
    digest: digest ? createDigest(index.backend) : undefined,
  });
}
