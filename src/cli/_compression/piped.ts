type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Makes a readable of what some work makes of the bytes of another one. The work starts at the first read. A cancel or
 * an error cancels the source at once, even while the work waits for it.
 */
export function piped(
  readable: ReadableStream<Bytes>,
  work: (source: AsyncIterator<Bytes, undefined>) => AsyncGenerator<Bytes, void>,
): ReadableStream<Bytes> {
  let reader: ReadableStreamDefaultReader<Bytes> | undefined;
  let made: AsyncGenerator<Bytes, void> | undefined;
  const start = () => {
    const source = reader = readable.getReader();
    return work({
      async next() {
        const { done, value } = await source.read();
        return done ? { done, value: undefined } : { done: false, value };
      },
    });
  };
  const end = async (reason: unknown) => {
    const canceling = reader ? reader.cancel(reason) : readable.cancel(reason);
    // Not awaited: it follows a pending read, which ends by the cancel above.
    made?.return(undefined).catch(() => {});
    await canceling;
  };
  return new ReadableStream({
    async pull(controller) {
      made ??= start();
      try {
        const { done, value } = await made.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        end(error).catch(() => {});
        throw error;
      }
    },
    cancel: end,
  }, { highWaterMark: 0 });
}
