/**
 * What a wire format offers: how signatures and deltas are written and read. A format knows bytes, and neither
 * streams nor how sums are computed.
 */
import type {
  CommandSink,
  DeltaReader,
  SigHeader,
  SigReader,
  SigWriter,
  StrongSum,
  TailRule,
  WeakSum,
} from "../engine/interface.ts";
import type { ByteReader } from "./_byte_reader.ts";
import type { ByteWriter } from "./_byte_writer.ts";

/** The wire formats. */
export type Format = "rsync-streams" | "luapower" | "librsync";

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

/** One wire format. */
export interface FormatCodec {
  readonly name: Format;
  /** The first bytes, up to four, of its signatures; undefined if there is no magic. */
  readonly sigMagic?: Uint8Array;
  /** The first bytes, up to four, of its deltas; undefined if there is no magic. */
  readonly deltaMagic?: Uint8Array;
  /** The sums it can name; the first is what it uses when not told. */
  readonly weakSums: readonly WeakSum[];
  readonly strongSums: readonly StrongSum[];
  /** Least block length with each weak sum; 1 where nothing is said. */
  readonly minBlockLength: Readonly<Partial<Record<WeakSum, number>>>;
  readonly minStrongLength: number;
  /** No more than the sum has. */
  readonly maxStrongLength: number;
  /** Whether a short last block has a record. */
  readonly hasShortBlock: boolean;
  /** Whether signature and delta can carry a digest. */
  readonly hasDigest: boolean;
  /** Whether a delta can be asked for that is as rdiff writes it. */
  readonly hasRdiffExact: boolean;
  /** Which short windows a search with its signatures looks for. */
  readonly tail: TailRule;
  /** Which of equal blocks its signatures stand for, and whether a copy may go on with the next block instead. */
  readonly keptBlock: "first" | "last";
  readonly preferNext: boolean;

  sigWriter(out: ByteWriter): SigWriter;
  /** @param header What the caller says, for formats that do not tell. */
  sigReader(reader: ByteReader, header: SigHeader | undefined): SigReader;
  /** Writes commands as they come, one for one. */
  deltaEncoder(out: ByteWriter, params: DeltaParams): CommandSink;
  /** Writes what a search found: joins copies, splits and joins data as the format has it. */
  deltaWriter(out: ByteWriter, params: DeltaParams): CommandSink;
  deltaReader(reader: ByteReader, params: DeltaParams): DeltaReader;
}

/** Largest block length of any format. */
export const MAX_BLOCK_LENGTH = 2 ** 30;
