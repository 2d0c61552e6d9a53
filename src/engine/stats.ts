/**
 * What a signature stream has done so far.
 *
 * @example How long a signature is
 * ```ts
 * import { sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const stream = sigStream({ blockLength: 1024 });
 * const sig = await new Response(new Blob([new Uint8Array(10_000)]).stream().pipeThrough(stream)).blob();
 *
 * assert.deepEqual([stream.stats.bytesIn, stream.stats.sigCount], [10_000, 10]);
 * assert.equal(stream.stats.bytesOut, sig.size);
 * ```
 */
export interface SigStats {
  /** Bytes of basis processed. */
  bytesIn: number;
  /** What `bytesIn` will be at the end, if that is known: the `fileLength`, or the length of a Blob or of bytes. */
  total?: number;
  /** Bytes that the stream has yielded. */
  bytesOut: number;
  /** Blocks summed: records in the signature. */
  sigCount: number;
  /** SHA-256 of the basis in hexadecimal digits, at the end of a signature that carries it. */
  digest?: string;
}

/**
 * What a patch stream, or a decoding or encoding one, has done so far.
 *
 * @example What a patch copied
 * ```ts
 * import { encodeDeltaStream, patchStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const commands = [{ copy: { offset: 0, length: 5 } }, { data: Uint8Array.of(33) }];
 * const stream = patchStream(new Blob(["hello"]));
 * const delta = ReadableStream.from(commands).pipeThrough(encodeDeltaStream());
 * await delta.pipeThrough(stream).pipeTo(new WritableStream());
 *
 * const { bytesOut, copiedBytes, literalBytes } = stream.stats;
 * assert.deepEqual([bytesOut, copiedBytes, literalBytes], [6, 5, 1]);
 * ```
 */
export interface PatchStats {
  /** Bytes of delta read. For an encoding stream: bytes of data in the commands written. */
  bytesIn: number;
  /** What `bytesIn` will be at the end, if that is known: the length of a Blob or of bytes in memory. */
  total?: number;
  /** Bytes that the stream has yielded. */
  bytesOut: number;
  /** Bytes of the target that are copied from the basis. */
  copiedBytes: number;
  /** Bytes of the target that are in the delta. */
  literalBytes: number;
  /** SHA-256 of the target in hexadecimal digits, once it is known; of a patch, once it is verified. */
  digest?: string;
}

/**
 * What a delta stream has done so far.
 *
 * @example What a delta saves
 * ```ts
 * import { deltaStream, loadSigs, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob([crypto.getRandomValues(new Uint8Array(10_240))]);
 * const stream = deltaStream(await loadSigs(basis.stream().pipeThrough(sigStream({ blockLength: 1024 }))));
 * await new Blob([basis, "new"]).stream().pipeThrough(stream).pipeTo(new WritableStream());
 *
 * const { sigCount, goodAlarms, copiedBytes, literalBytes } = stream.stats;
 * assert.deepEqual([sigCount, goodAlarms, copiedBytes, literalBytes], [10, 10, 10_240, 3]);
 * ```
 */
export interface DeltaStats extends PatchStats {
  /** Blocks in the signature. */
  sigCount: number;
  /** Windows whose weak sum is known and whose strong sum is not. */
  falseAlarms: number;
  /** Windows whose weak and strong sums are known: blocks matched. */
  goodAlarms: number;
}
