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
  /** Never there: this is what tells the two kinds apart. */
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
  /** Never there: this is what tells the two kinds apart. */
  copy?: undefined;
  /**
   * Only in a command without bytes, as the first and the last of a delta that carries a digest of its target: the
   * algorithm, and at the end the 32 bytes. It lets a delta keep its digest when it is decoded and encoded again.
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
