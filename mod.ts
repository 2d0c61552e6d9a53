/**
 * The rsync algorithm as Web Streams: a file on one machine is updated from a newer one on another, and only what
 * changed crosses the wire.
 *
 * The side with the old file (the *basis*) sends a signature; the side with the new one (the *target*) answers with a
 * delta; the first side patches.
 *
 * @example Basis, target, and what goes between them
 * ```ts
 * import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const basis = new Blob(["line\n".repeat(1000)]);
 * const target = new Blob(["a new first line\n", basis]);
 *
 * const sig = basis.stream().pipeThrough(sigStream()); // A → B
 * const sigs = await loadSigs(sig); // at B
 * const delta = target.stream().pipeThrough(deltaStream(sigs)); // B → A
 * const updated = delta.pipeThrough(patchStream(basis)); // at A
 *
 * assert.equal(await new Response(updated).text(), await target.text());
 * ```
 *
 * @module
 */
export { applyDelta, type ApplyDeltaOptions } from "./src/apply_delta.ts";
export { type Basis, type BasisSource, type SeekableBasis } from "./src/basis/basis_source.ts";
export { type DenoFile, type NodeFileHandle } from "./src/basis/file_handles.ts";
export { createDelta, type CreateDeltaOptions } from "./src/create_delta.ts";
export { createSig, type CreateSigOptions } from "./src/create_sig.ts";
export { decodeDeltaStream, type DecodeDeltaStreamOptions } from "./src/decode_delta_stream.ts";
export { deltaStream, type DeltaStreamOptions } from "./src/delta_stream.ts";
export { encodeDeltaStream, type EncodeDeltaStreamOptions } from "./src/encode_delta_stream.ts";
export { type CopyCommand, type DataCommand, type DeltaCommand } from "./src/engine/delta_command.ts";
export { type DeltaStats, type PatchStats, type SigStats } from "./src/engine/stats.ts";
export type { Format } from "./src/formats/format.ts";
export { type Backend, type BackendOptions, type StrongSum, type WeakSum } from "./src/kernel/interface.ts";
export { useWasmModule } from "./src/kernel/mod.ts";
export { loadSigs, type LoadSigsOptions } from "./src/load_sigs.ts";
export { patchStream, type PatchStreamOptions } from "./src/patch_stream.ts";
export { minStrongLength, recommendedBlockLength } from "./src/recommended_lengths.ts";
export {
  type BlobLike,
  type BlobPartLike,
  type ByteBody,
  type ByteChunk,
  type ByteReadable,
  type ByteReader,
  type SyncAccessHandle,
  type WasmModule,
  type WebFileHandle,
} from "./src/common/platform_types.ts";
export { RsyncError, type RsyncErrorCode, type RsyncErrorOptions } from "./src/common/rsync_error.ts";
export { sigStream, type SigStreamOptions } from "./src/sig_stream.ts";
export { type DeltaFormatOptions } from "./src/stages/delta_options.ts";
export { Signature } from "./src/stages/signature.ts";
export { type ByteSource } from "./src/streams/byte_source.ts";
export { type CommonOptions, type StreamPair, type SumStreamPair } from "./src/streams/stream_pair.ts";
