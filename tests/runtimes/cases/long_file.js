/** A long file through the three pipes, compared while it comes. */
import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { randomBytes } from "../../_recipes.ts";
import { assert } from "./asserts.js";
import { PATCH_CHUNK, QUICK, sourceOf } from "./streams.js";

const MIB = 2 ** 20;

/** Pieces of a long target, most of them from the basis. The inserts and the cut move them off the blocks. */
function* longTarget(basis) {
  const at = (part) => Math.floor(basis.length * part);
  const inserts = [randomBytes(21, 70_001), randomBytes(22, 333)];
  yield* piecesOf(basis, 0, at(0.3));
  yield inserts[0].slice();
  yield* piecesOf(basis, at(0.3), at(0.6));
  yield* piecesOf(basis, at(0.6) + 12_345, at(0.9));
  yield inserts[1].slice();
  yield* piecesOf(basis, at(0.9), basis.length);
}

function* piecesOf(bytes, from, to) {
  for (let at = from; at < to; at += PATCH_CHUNK) yield bytes.slice(at, Math.min(to, at + PATCH_CHUNK));
}

export async function longFile(streams, mib) {
  const basis = randomBytes(20, mib * MIB);
  const sigs = await loadSigs(sourceOf(piecesOf(basis, 0, basis.length)).pipeThrough(streams.check(sigStream(QUICK))));
  const pair = streams.check(deltaStream(sigs));
  const patched = sourceOf(longTarget(basis)).pipeThrough(pair).pipeThrough(patchStream(basis));
  const expected = longTarget(basis);
  let piece = new Uint8Array(0);
  let at = 0;
  let length = 0;
  const reader = patched.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    for (let from = 0; from < value.length;) {
      if (at === piece.length) {
        piece = expected.next().value;
        at = 0;
      }
      const count = Math.min(piece.length - at, value.length - from);
      for (let i = 0; i < count; i++) {
        if (piece[at + i] !== value[from + i]) assert(false, `byte ${length + from + i} is wrong`);
      }
      at += count;
      from += count;
    }
    length += value.length;
  }
  assert(expected.next().done && at === piece.length, "the result is too short");
  const most = 70_001 + 333 + 6 * 1024;
  assert(pair.stats.literalBytes <= most, `${pair.stats.literalBytes} literal bytes, ${most} at most`);
}
