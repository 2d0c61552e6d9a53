/** A stream of what a generator yields, made when it is read. Cancelling it waits for the item being made. */
export function streamOf<T>(items: AsyncGenerator<T, void, void>): ReadableStream<T> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await items.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void await items.return(undefined),
  }, { highWaterMark: 0 });
}
