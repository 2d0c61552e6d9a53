/**
 * The callback API of luapower/rsync, which the library descends from, and adapters between callbacks and Web
 * Streams.
 *
 * @example A signature through a read and a write callback
 * ```ts
 * import { readFromReadable, Rsync } from "rsync-streams/callbacks";
 * import assert from "node:assert/strict";
 *
 * const { read } = readFromReadable(new Blob(["x".repeat(3000)]).stream());
 * let length = 0;
 * const count = await new Rsync().genSigsFile(read, (buffer) => {
 *   length += buffer.length;
 * });
 *
 * assert.equal(count, 2); // the original has no record for a short last block
 * assert.equal(length, 72);
 * ```
 *
 * @module
 */
export {
  type CallbackReader,
  type CallbackWriter,
  readableFromRead,
  readFromReadable,
  writableFromWrite,
  writeToWritable,
} from "./adapters.ts";
export { Rsync } from "./rsync.ts";
export type { RsyncOptions } from "./rsync_options.ts";
export { basisFromCallbacks, type BasisSource, type SeekableBasis } from "../basis/basis_source.ts";
export type { CopyCommand, DataCommand, DeltaCommand } from "../engine/delta_command.ts";
export type { Signature } from "../stages/signature.ts";
export type { Alarms, ReadCallback, RollingSum, SeekCallback, SigRecord, StrongHash, WriteCallback } from "./types.ts";
