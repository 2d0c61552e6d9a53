/** Whether a result is to be waited for. The global Promise may have been replaced, so its class says nothing. */
export function isPromise<T>(result: T): result is Extract<T, Promise<unknown>> {
  return typeof (result as { then?: unknown } | undefined)?.then === "function";
}
