import { basisFromCallbacks, toPatchBasis } from "../basis/basis_source.ts";
import { checkCallback, checkChoice, checkFunction, checkInteger, checkOptions } from "../common/checks.ts";
import { giveWay } from "../common/give_way.ts";
import type { DeltaCommand } from "../engine/delta_command.ts";
import type { SigHeader } from "../engine/interface.ts";
import { type FormatCodec, MAX_BLOCK_LENGTH } from "../formats/interface.ts";
import type { Format } from "../formats/format.ts";
import { FORMAT_NAMES, formats } from "../formats/mod.ts";
import type { Kernel } from "../kernel/interface.ts";
import { chosenKernel } from "../kernel/mod.ts";
import { type CustomSums, PortableKernel } from "../kernel/portable/kernel.ts";
import { indexRecords, loadSignature } from "../stages/loader.ts";
import { createDeltaStage, createMatchStage, type MatcherOptions } from "../stages/matcher.ts";
import { createCommandPatchStage, createPatchStage, type PatchParts } from "../stages/patcher.ts";
import { checkSigOptions } from "../stages/sig_options.ts";
import type { Signature } from "../stages/signature.ts";
import { createSigner, createSigStage } from "../stages/signer.ts";
import { readableFromRead } from "./adapters.ts";
import { checkedStrongSum, checkedWeakSum } from "./_custom_sums.ts";
import { pullFromRead, runStage } from "./_pump.ts";
import { batchOf, recordsOf } from "./_records.ts";
import { RSYNC_NAMES, type RsyncOptions } from "./rsync_options.ts";
import type { Alarms, ReadCallback, SeekCallback, SigRecord, WriteCallback } from "./types.ts";

/**
 * The API of luapower/rsync, which the library descends from: five methods over `read(buffer, length)`,
 * `write(buffer, length)` and `seek(offset)`, all of which may be sync or async.
 *
 * Its default wire format is the original's, byte for byte. It has no digest, so a wrong basis makes a wrong target,
 * and both sides have to agree on the block length.
 *
 * @example Three steps over callbacks
 * ```ts
 * import { Rsync } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const rsync = new Rsync({ blockLength: 16 });
 * const basis = new TextEncoder().encode("all work and no play makes jack a dull boy");
 * const target = new TextEncoder().encode("now: all work and no play makes jack a dull boy");
 * const from = (bytes: Uint8Array, at = 0) => ({
 *   seek: (offset: number) => at = offset,
 *   read: (buffer: Uint8Array, length: number) => {
 *     const piece = bytes.subarray(at, at + length);
 *     buffer.set(piece);
 *     at += piece.length;
 *     return piece.length;
 *   },
 * });
 * const sig: number[] = [], delta: number[] = [], out: number[] = [];
 *
 * await rsync.genSigsFile(from(basis).read, (buffer) => sig.push(...buffer));
 * const sigs = await rsync.loadSigsFile(from(Uint8Array.from(sig)).read);
 * const alarms = await rsync.genDeltasFile(from(target).read, sigs, (buffer) => delta.push(...buffer));
 * const { seek, read } = from(basis);
 * await rsync.patchFile(from(Uint8Array.from(delta)).read, seek, read, (buffer) => out.push(...buffer));
 *
 * assert.equal(alarms.goodAlarms, 2);
 * assert.deepEqual(Uint8Array.from(out), target);
 * ```
 */
export class Rsync {
  /** Bytes of a block. */
  readonly blockLength: number;
  /** Length of the original's buffer, in bytes. */
  readonly memLength: number;
  /** The wire format. */
  readonly format: Format;
  readonly #options: RsyncOptions;
  readonly #codec: FormatCodec<Format>;
  readonly #kernel: Kernel;
  readonly #custom: CustomSums;

  /**
   * Makes an instance.
   *
   * @param options Lengths, format and sums.
   * @throws {TypeError} If an option is of the wrong kind, or sums are given for a format that names its own.
   * @throws {RangeError} If a length is out of range.
   */
  constructor(options: RsyncOptions = {}) {
    const { weakSum, strongSum, backend } = checkOptions(options, RSYNC_NAMES);
    const { blockLength = 1024, memLength = 65_536, format = "luapower" } = options;
    this.format = checkChoice("format", format, FORMAT_NAMES);
    this.memLength = checkInteger("memLength", memLength, 1, MAX_BLOCK_LENGTH);
    this.#codec = formats[this.format];
    this.#options = { ...options };
    checkCallback("weakSum", weakSum);
    checkCallback("strongSum", strongSum);
    this.#custom = {
      weak: weakSum && checkedWeakSum(weakSum),
      strong: strongSum && checkedStrongSum(strongSum),
    };
    const hasOwnSums = weakSum !== undefined || strongSum !== undefined;
    if (hasOwnSums && this.#codec.isSelfDescribing) {
      throw new TypeError(
        `Cannot use sums of your own with the ${this.format} format: it names the sums it is made with`,
      );
    }
    if (hasOwnSums && backend !== undefined && backend !== "portable") {
      throw new TypeError(`Cannot use backend: ${backend} was given, and sums of your own run in the portable one`);
    }
    this.#kernel = hasOwnSums ? new PortableKernel(this.#custom) : chosenKernel(backend);
    this.blockLength = this.#header(blockLength).blockLength;
  }

  /**
   * Makes an instance with some other options. It keeps the rest.
   *
   * @param options What differs.
   * @returns A new instance of the same class.
   * @throws {TypeError | RangeError} As the constructor.
   */
  with(options: RsyncOptions): Rsync {
    return new (this.constructor as typeof Rsync)({ ...this.#options, ...checkOptions(options, RSYNC_NAMES) });
  }

  /**
   * Computes the signature of a basis.
   *
   * @param read Reads the basis.
   * @param write Takes the signature.
   * @param blockLength Bytes of a block, if not this instance's.
   * @returns Blocks in the signature.
   */
  async genSigsFile(read: ReadCallback, write: WriteCallback, blockLength?: number): Promise<number> {
    checkFunction("write", write);
    const pull = pullFromRead(read);
    const stage = createSigStage(this.#codec, this.#header(blockLength), this.#kernel);
    await runStage(pull, stage, (bytes) => write(bytes, bytes.length));
    return stage.stats.sigCount;
  }

  /** As {@linkcode Rsync.genSigsFile}, with records instead of bytes. */
  async genSigs(
    read: ReadCallback,
    writeRecord: (record: SigRecord) => unknown,
    blockLength?: number,
  ): Promise<number> {
    checkFunction("writeRecord", writeRecord);
    const pull = pullFromRead(read);
    const header = this.#header(blockLength);
    const signer = createSigner(this.#codec, header, this.#kernel);
    await runStage(pull, signer, async (event) => {
      if (event.type !== "records") return;
      for (const record of recordsOf(event.batch, header)) {
        const waiting = giveWay();
        if (waiting) await waiting;
        await writeRecord(record);
      }
    });
    return signer.stats.sigCount;
  }

  /**
   * Reads a signature and indexes it.
   *
   * @param read Reads the signature.
   * @param blockLength Bytes of a block, if not this instance's; formats that tell it do not need it.
   * @returns The signature.
   * @throws {RsyncError} If the bytes are not a signature.
   */
  async loadSigsFile(read: ReadCallback, blockLength?: number): Promise<Signature> {
    return await loadSignature(readableFromRead(read), {
      format: this.format,
      header: this.#codec.isSelfDescribing ? undefined : this.#header(blockLength),
      maxInputLength: Infinity,
      kernel: this.#kernel,
    });
  }

  /**
   * As {@linkcode Rsync.loadSigsFile}, from the records of {@linkcode Rsync.genSigs} instead of bytes.
   *
   * @param readRecord Returns the next record, or undefined at the end.
   * @param blockLength Bytes of a block, if not this instance's.
   * @returns The signature.
   * @throws {TypeError} If a value is not a record, or if a signature of the format is more than its records.
   */
  async loadSigs(
    readRecord: () => SigRecord | undefined | Promise<SigRecord | undefined>,
    blockLength?: number,
  ): Promise<Signature> {
    if (this.#codec.isSelfDescribing) {
      throw new TypeError(
        `Cannot load records of the ${this.format} format: a signature of it has more than weak and strong sums`,
      );
    }
    const header = this.#header(blockLength);
    checkFunction("readRecord", readRecord);
    const indexer = indexRecords(this.#codec, header, this.#kernel);
    for (let record = await readRecord(); record !== undefined; record = await readRecord()) {
      const waiting = giveWay();
      if (waiting) await waiting;
      indexer.add(batchOf(record, header));
    }
    return await indexer.finish();
  }

  /**
   * Computes the delta from a signature's basis to a target.
   *
   * @param read Reads the target.
   * @param sigs The signature.
   * @param write Takes the delta.
   * @param blockLength Bytes of a block. It is only checked, since the signature has it.
   * @returns False and good alarms.
   * @throws {RangeError} If the signature has another block length.
   */
  async genDeltasFile(
    read: ReadCallback,
    sigs: Signature,
    write: WriteCallback,
    blockLength?: number,
  ): Promise<Alarms> {
    checkFunction("write", write);
    const pull = pullFromRead(read);
    const stage = createDeltaStage(sigs, this.#codec, this.#matching(sigs, blockLength));
    await runStage(pull, stage, (bytes) => write(bytes, bytes.length));
    const { falseAlarms, goodAlarms } = stage.stats;
    return { falseAlarms, goodAlarms };
  }

  /** As {@linkcode Rsync.genDeltasFile}, with commands instead of bytes. */
  async genDeltas(
    read: ReadCallback,
    sigs: Signature,
    writeCommand: (command: DeltaCommand) => unknown,
    blockLength?: number,
  ): Promise<Alarms> {
    checkFunction("writeCommand", writeCommand);
    const pull = pullFromRead(read);
    const stage = createMatchStage(sigs, this.#codec, this.#matching(sigs, blockLength));
    await runStage(pull, stage, async (commands) => {
      for (const command of commands) await writeCommand(command);
    });
    const { falseAlarms, goodAlarms } = stage.stats;
    return { falseAlarms, goodAlarms };
  }

  /**
   * Makes the target from the basis and a delta.
   *
   * @param readDelta Reads the delta.
   * @param seek Goes to an offset of the basis.
   * @param read Reads the basis from there.
   * @param write Takes the target.
   * @param blockLength Bytes of a block, if not this instance's.
   * @throws {RsyncError} If the bytes are not a delta, or not one for this basis as far as the format can tell.
   */
  async patchFile(
    readDelta: ReadCallback,
    seek: SeekCallback,
    read: ReadCallback,
    write: WriteCallback,
    blockLength?: number,
  ): Promise<void> {
    checkFunction("write", write);
    const pull = pullFromRead(readDelta, "readDelta");
    const told = this.#codec.isSelfDescribing ? undefined : this.#header(blockLength).blockLength;
    const stage = createPatchStage(this.#patching(seek, read), { format: this.format, blockLength: told });
    await runStage(pull, stage, (bytes) => write(bytes, bytes.length));
  }

  /**
   * As {@linkcode Rsync.patchFile}, from commands instead of bytes.
   *
   * @param readCommand Returns the next command, or undefined at the end.
   */
  async patch(
    readCommand: () => DeltaCommand | undefined | Promise<DeltaCommand | undefined>,
    seek: SeekCallback,
    read: ReadCallback,
    write: WriteCallback,
  ): Promise<void> {
    checkFunction("readCommand", readCommand);
    checkFunction("write", write);
    const stage = createCommandPatchStage(this.#patching(seek, read));
    await runStage(async () => await readCommand(), stage, (bytes) => write(bytes, bytes.length));
  }

  #header(blockLength = this.blockLength): SigHeader {
    const header = checkSigOptions(this.#codec, { blockLength });
    const { weak, strong } = this.#custom;
    weak?.();
    return strong ? { ...header, strongLength: strong().length } : header;
  }

  #matching(sigs: Signature, blockLength: number | undefined): MatcherOptions {
    if (blockLength !== undefined && blockLength !== sigs.blockLength) {
      throw new RangeError(
        `Cannot use blockLength: ${blockLength} was given, the signature has blocks of ${sigs.blockLength}`,
      );
    }
    return { digest: this.#codec.hasDigest, memLength: this.memLength };
  }

  #patching(seek: SeekCallback, read: ReadCallback): PatchParts {
    return { basis: toPatchBasis(basisFromCallbacks({ seek, read })), maxOutputLength: Infinity };
  }
}
