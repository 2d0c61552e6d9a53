import type { Transform } from "node:stream";

type Bytes = Uint8Array<ArrayBuffer>;

/** What has been put through a transform, once its output has ended. */
export interface Consumed {
  /** The last chunk that the transform was given. */
  readonly last: Uint8Array | undefined;
  /** Bytes of all chunks before it. */
  readonly before: number;
}

/**
 * Puts bytes through a transform of `node:zlib`.
 *
 * The reader drives it: the transform expands until its buffer is full, and takes the next chunk only when the one
 * before is used up. So memory stays bounded, however long the output is.
 *
 * @param convert Converts an error of the transform.
 * @returns What the transform was given.
 * @throws What the source fails with, as the same object, or an error of the transform, converted.
 */
export async function* throughZlib(
  source: AsyncIterator<Uint8Array, unknown>,
  transform: Transform,
  convert: (error: Error) => Error,
): AsyncGenerator<Bytes, Consumed> {
  const consumed: { last: Uint8Array | undefined; before: number } = { last: undefined, before: 0 };
  const closed = new Promise<void>((resolve) => transform.once("close", resolve));
  let failure: { error: unknown } | undefined;
  let isEnded = false;

  /** The chunks go in one at a time, each awaited: Deno needs that for zstd, see zstd_frames.ts. */
  const feed = async () => {
    try {
      for (let next = await source.next(); !next.done; next = await source.next()) {
        const chunk = next.value;
        consumed.before += consumed.last?.length ?? 0;
        consumed.last = chunk;
        // A transform that has failed, or ignores what follows its end, never calls back.
        await Promise.race([closed, new Promise<void>((resolve) => transform.write(chunk, () => resolve()))]);
        if (transform.destroyed || isEnded) return;
      }
      transform.end();
    } catch (error) {
      failure = { error };
      transform.destroy(error instanceof Error ? error : new Error("the source failed", { cause: error }));
    }
  };

  // Deno (2.9) may report an error when the iterator below no longer listens.
  transform.on("error", () => {});
  const feeding = feed();
  try {
    for await (const chunk of transform) yield chunk;
    isEnded = true;
  } catch (error) {
    // The feed is not awaited: the next bytes of a pipe may never come.
    throw failure ? failure.error : convert(error as Error);
  } finally {
    transform.destroy();
  }
  await feeding;
  return consumed;
}
