/** A link of a given round trip and rate, in front of a server on this machine. */

/** A link. */
export interface LinkOptions {
  /** What each answer waits, in milliseconds. */
  readonly latencyMs: number;
  /** Of all connections together, from the server to the client. */
  readonly megabits: number;
}

/** Timers are late by a millisecond or more. The link makes up for so much of it. */
const CREDIT_MS = 10;
/** Pieces of answers that are under way, at most. */
const MAX_PIECES = 256;

/** A link that is up. */
export interface SlowLink extends AsyncDisposable {
  readonly url: URL;
}

/** A piece of an answer, and when it arrives at the earliest. */
interface Piece {
  bytes: Uint8Array<ArrayBuffer>;
  due: number;
}

/** Starts a proxy that passes requests on at once, and answers as such a link would. */
export function slowLink(to: URL, { latencyMs, megabits }: LinkOptions): SlowLink {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const work = new Set<Promise<void>>();
  const connections = new Set<Deno.Conn>();
  // The link is busy until then: one queue for all connections.
  let free = 0;
  const send = (length: number) => {
    free = Math.max(free, performance.now() - CREDIT_MS) + length * 8 / (megabits * 1000);
    return sleepUntil(free);
  };

  const pass = async (client: Deno.Conn) => {
    const server = await Deno.connect({ hostname: to.hostname, port: Number(to.port) });
    for (const connection of [client, server]) connections.add(connection);
    const delayed = new TransformStream<Uint8Array<ArrayBuffer>, Piece>(
      { transform: (bytes, controller) => controller.enqueue({ bytes, due: performance.now() + latencyMs }) },
      { highWaterMark: 1 },
      { highWaterMark: MAX_PIECES },
    );
    const arriving = new WritableStream<Piece>({
      write: async ({ bytes, due }) => {
        await sleepUntil(due);
        await send(bytes.length);
        for (let at = 0; at < bytes.length;) at += await client.write(bytes.subarray(at));
      },
    });
    const requests = client.readable.pipeTo(server.writable).catch(() => {});
    await server.readable.pipeThrough(delayed).pipeTo(arriving).catch(() => {});
    for (const connection of [client, server]) close(connection);
    await requests;
    for (const connection of [client, server]) connections.delete(connection);
  };
  const accepting = (async () => {
    for await (const client of listener) {
      const passing = pass(client).catch(() => close(client));
      work.add(passing);
      passing.finally(() => work.delete(passing));
    }
  })();
  return {
    url: new URL(`http://127.0.0.1:${listener.addr.port}/`),
    [Symbol.asyncDispose]: async () => {
      listener.close();
      connections.forEach(close);
      await accepting;
      await Promise.all(work);
    },
  };
}

/** Timers have milliseconds. What is due sooner is due now; the queue of the link keeps the fraction. */
async function sleepUntil(time: number): Promise<void> {
  const ms = time - performance.now();
  if (ms >= 1) await new Promise((resolve) => setTimeout(resolve, ms));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
