/** One stage that is cancelled or aborted while it waits. */
import assert from "node:assert/strict";
import { decodeDeltaStream, deltaStream, patchStream, sigStream } from "rsync-streams";
import {
  BASIS,
  DELTA,
  type Pair,
  QUICK,
  readableReason,
  reason,
  rejection,
  SIGS,
  TARGET,
  writableReason,
} from "./_cancel.ts";
import { settle } from "./_until.ts";

const STAGES: Record<string, () => Pair> = {
  "sigStream()": () => sigStream(QUICK) as Pair,
  "deltaStream()": () => deltaStream(SIGS) as Pair,
  "patchStream()": () => patchStream(BASIS) as Pair,
  "decodeDeltaStream()": () => decodeDeltaStream() as Pair,
};

for (const [name, make] of Object.entries(STAGES)) {
  const input = name.startsWith("sig") ? BASIS : name.startsWith("delta") ? TARGET : DELTA;

  // In Node 20 and 22, a pipe that its signal aborts never cancels its source if the write under way rejects.
  for (const end of ["cancel", "abort"]) {
    Deno.test(`${name} resolves the write under way on ${end}, and rejects those behind it`, async () => {
      const { readable, writable } = make();
      const writer = writable.getWriter();
      const first = writer.write(input);
      // The close comes last: no write may follow it.
      const rejected = [writer.closed, writer.write(input), writer.close()].map(rejection);
      await settle();
      await (end === "cancel" ? readable.cancel(reason) : writer.abort(reason));
      assert.equal(await first, undefined);
      for (const promise of rejected) assert.equal(await promise, reason);
      if (end === "abort") assert.equal(await readableReason(readable), reason);
    });
  }

  Deno.test(`${name} rejects a close that waits for a reader`, async () => {
    for (const end of ["cancel", "abort"]) {
      const { readable, writable } = make();
      const writer = writable.getWriter();
      const closed = rejection(writer.closed);
      const close = rejection(writer.close());
      await settle();
      // The platform rejects an abort that meets a close, if the close fails.
      if (end === "cancel") await readable.cancel(reason);
      else assert.equal(await rejection(writer.abort(reason)), reason);
      assert.equal(await close, reason);
      assert.equal(await closed, reason);
    }
  });

  Deno.test(`${name} ends a read that waits for input`, async () => {
    const { readable, writable } = make();
    const reader = readable.getReader();
    const read = reader.read();
    await settle();
    await reader.cancel(reason);
    assert.equal((await read).done, true);
    assert.equal(await writableReason(writable), reason);

    const other = make();
    const waiting = rejection(other.readable.getReader().read());
    await settle();
    await other.writable.abort(reason);
    assert.equal(await waiting, reason);
  });
}
