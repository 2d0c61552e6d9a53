/** How far a patch reads ahead. */
import { encodeDeltaStream, patchStream } from "rsync-streams";
import { assert, assertEqual, settle } from "./asserts.js";
import { PATCH_CHUNK, sourceOf, toBytes } from "./streams.js";

const MIB = 2 ** 20;

/** A copy of 1 GiB has at most two chunks in flight. */
export async function copyOneGiB() {
  let asked = 0;
  const basis = {
    size: 2 ** 30,
    read: (offset, length) => {
      asked += length;
      return new Uint8Array(length).fill(offset / PATCH_CHUNK);
    },
  };
  const command = { copy: { offset: 0, length: 2 ** 30 } };
  const delta = await toBytes(sourceOf([command]).pipeThrough(encodeDeltaStream()));
  const reader = sourceOf([delta]).pipeThrough(patchStream(basis)).getReader();
  await settle();
  assertEqual(asked, 0, "bytes asked of the basis before the first read");
  let received = 0;
  while (received < 32 * MIB) {
    received += (await reader.read()).value.length;
    if (received % MIB === 0) await settle();
    assert(asked - received <= 2 * PATCH_CHUNK, `${asked - received} bytes are in flight`);
  }
  await reader.cancel();
  const before = asked;
  await settle();
  assertEqual(asked, before, "bytes asked of the basis, some time after the cancel");
}
