/**
 * Copies bytes of the basis.
 *
 * @example The second ten bytes of the basis
 * ```ts
 * import { type CopyCommand, encodeDeltaStream, patchStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const command: CopyCommand = { copy: { offset: 10, length: 10 } };
 * const delta = ReadableStream.from([command]).pipeThrough(encodeDeltaStream());
 * const patched = delta.pipeThrough(patchStream(new Blob(["0123456789abcdefghij"])));
 * assert.equal(await new Response(patched).text(), "abcdefghij");
 * ```
 */
export interface CopyCommand {
  /** Which bytes: offset and length in the basis. */
  copy: { offset: number; length: number };
  /** Always absent: it distinguishes the two kinds of command. */
  data?: undefined;
}

/**
 * Adds literal bytes.
 *
 * @example Bytes that the basis does not have
 * ```ts
 * import { type DataCommand, encodeDeltaStream, patchStream } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const command: DataCommand = { data: new TextEncoder().encode("hello") };
 * const delta = ReadableStream.from([command]).pipeThrough(encodeDeltaStream());
 * assert.equal(await new Response(delta.pipeThrough(patchStream(new Blob()))).text(), "hello");
 * ```
 */
export interface DataCommand {
  /** The bytes. */
  data: Uint8Array;
  /** Always absent: it distinguishes the two kinds of command. */
  copy?: undefined;
  /**
   * The digest of the target. Only the first and the last command of a delta that carries one have it, and these have
   * no bytes: the first names the algorithm, the last adds the 32 bytes. So a delta keeps its digest when it is decoded
   * and encoded again.
   */
  digest?: { algorithm: "sha-256"; sum?: Uint8Array };
}

/**
 * One command of a delta.
 *
 * @example How long the target is
 * ```ts
 * import { type DeltaCommand } from "rsync-streams";
 * import assert from "node:assert/strict";
 *
 * const lengthOf = ({ copy, data }: DeltaCommand) => copy ? copy.length : data.length;
 * const commands: DeltaCommand[] = [{ copy: { offset: 0, length: 100 } }, { data: new Uint8Array(5) }];
 * assert.equal(commands.reduce((sum, command) => sum + lengthOf(command), 0), 105);
 * ```
 */
export type DeltaCommand = CopyCommand | DataCommand;
