/**
 * What a wire format offers: what it says about itself, and how its signatures and deltas are written and read. A
 * format knows bytes, and neither streams nor how sums are computed.
 */
import type { DeltaEvent, SigEvent, SigHeader, TargetRoom } from "../engine/interface.ts";
import type { KeptBlock, SearchOptions, StrongSum, WeakSum } from "../kernel/interface.ts";
import type { ByteReader } from "./bytes/byte_reader.ts";
import type { Reader } from "./bytes/reader.ts";
import type { DeltaWriter, Writer } from "./bytes/writer.ts";

/** Largest block length of any format, in bytes. */
export const MAX_BLOCK_LENGTH = 2 ** 30;

/** Reads a signature. */
export type SigReader = Reader<SigEvent>;
/** Writes a signature. */
export type SigWriter = Writer<SigEvent>;
/** Reads a delta. The caller owns data bytes. */
export type DeltaReader = Reader<DeltaEvent>;

/** What writers and readers of deltas need to know beside the commands. */
export interface DeltaParams {
  /** For formats that count in blocks. */
  readonly blockLength?: number | undefined;
  /** For formats whose data commands depend on the length of a buffer. */
  readonly memLength?: number | undefined;
  /** Blocks in the signature that was searched with. */
  readonly sigCount?: number;
  /** For formats that have it: whether each byte shall be as rdiff writes it. */
  readonly isRdiffExact?: boolean;
}

/** How a search with a format's signatures treats equal blocks and short ones. */
export interface SearchPolicy extends SearchOptions {
  /** Which of equal blocks stands for all. */
  readonly keptBlock: KeptBlock;
}

/** Signatures of a format. */
export interface SigCodec {
  /** The sums it can name. The first of each is the default. */
  readonly weakSums: readonly WeakSum[];
  readonly strongSums: readonly StrongSum[];
  readonly minBlockLength: number;
  readonly minStrongLength: number;
  /** Never more than the sum has. */
  readonly maxStrongLength: number;
  /** Bytes of salt that strong sums are keyed with; undefined if they are not. */
  readonly saltLength?: number;
  writer(): SigWriter;
  /** @param header What the caller says, for formats that do not carry it. */
  reader(bytes: ByteReader, header: SigHeader | undefined): SigReader;
}

/** Makes a reader of a format's deltas. */
export type OpenDelta<Opened = DeltaReader> = (bytes: ByteReader, params: DeltaParams) => Opened;

/** Reads a delta for a patch. */
export interface PatchReader extends DeltaReader {
  /**
   * Carries out the commands that come next and lie whole in the chunk at hand, as far as there is room for each of
   * them. Returns how many. All else, and all that is wrong, is left to `next`. A format without it is patched command
   * by command.
   */
  carryOut?(room: TargetRoom): number;
}

/** Makes such a reader. */
export type OpenPatch = OpenDelta<PatchReader>;

/** Writes the commands of a format's deltas as they come, one for one. */
export interface DeltaEncoding {
  /** Bytes of the longest copy that its encoder takes at once, where a long one becomes many commands. */
  maxCopyLength?(params: DeltaParams): number;
  encoder(params: DeltaParams): DeltaWriter;
}

/** Deltas of a format that a search makes. */
export interface DeltaCodec extends DeltaEncoding {
  /** Shapes what a search found on its way to a writer: joins copies, and joins and splits data as the format does. */
  shaper<Out>(writer: DeltaWriter<Out>, params: DeltaParams): DeltaWriter<Out>;
}

/** What a format says of itself. */
export interface FormatTraits<Name extends string = string> {
  readonly name: Name;
  /** The first bytes of its signatures, up to four; undefined if there is no magic. */
  readonly sigMagic?: Uint8Array;
  /** The same of its deltas. */
  readonly deltaMagic?: Uint8Array;
  /**
   * Whether its files say what they are: by a magic, and by naming sums and block length. Otherwise format and block
   * length have to be given on both sides, and sums of the user's own are possible.
   */
  readonly isSelfDescribing: boolean;
  /** Whether signature and delta can carry a digest. */
  readonly hasDigest: boolean;
  /** Whether a short last block has a record, and can be copied. */
  readonly hasShortBlock: boolean;
  /** Whether a delta can be asked for that is as rdiff writes it. */
  readonly hasRdiffExact: boolean;
}

/** Signatures and searches of one wire format. */
export interface FormatCodec<Name extends string = string> extends FormatTraits<Name> {
  readonly search: SearchPolicy;
  readonly sig: SigCodec;
  readonly delta: DeltaCodec;
}
