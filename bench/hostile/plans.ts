/**
 * Plans of layered signatures that disagree with themselves. The records of a layer can be those of any file of the
 * same length, so each layer can be made to find what it likes, and as slowly as it likes.
 */
import { LayeredSig, planSync } from "rsync-streams/sync";
import { lie, mixed, publish, staggered } from "../../tests/lying_layers.ts";
import { randomBytes } from "../_data.ts";
import type { Case } from "./measure.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** As many as there can be. */
const LAYERS = Array.from({ length: 8 }, (_, j) => ({ blockLength: 2 ** (13 - j), strongLength: 6 }));

function periodic(length: number, period: number): Bytes {
  const unit = randomBytes(9, period);
  return Uint8Array.from({ length }, (_, i) => unit[i % period]!);
}

/** Plans for a local file of `length` bytes. */
export async function* planCases(length: number): AsyncGenerator<Case> {
  const local = randomBytes(1, length);
  const other = randomBytes(2, length);
  const ordinary = [2 ** 12, 2 ** 10, 2 ** 8].map((blockLength) => ({ blockLength, strongLength: 6 }));
  const zeros = new Uint8Array(length);
  const period = periodic(length, 300);
  const half = local.slice();
  half.set(other.subarray(length / 2), length / 2);
  const edited = local.slice();
  for (let at = 0; at < length; at += 9973) edited[at]! ^= 1;
  const plans: Record<string, [sig: Bytes, local: Bytes]> = {
    "random, new": [await publish(other, ordinary), local],
    "random, identical": [await publish(local, ordinary), local],
    "random, edited": [await publish(edited, ordinary), local],
    "zeros, identical": [await publish(zeros, ordinary), zeros],
    "coarse layer of another file": [await mixed([other, local, local], ordinary), local],
    "fine layers of another file": [await mixed([half, other, other], ordinary), local],
    "each layer half of another file": [await mixed(LAYERS.map((_, j) => j % 2 ? half : edited), LAYERS), local],
    "8 layers, blocks at 8 offsets": [await publish(staggered(local, 8), LAYERS), local],
    "period 300, all false alarms": [lie(await publish(period, LAYERS), length, LAYERS, 1e9), period],
    "random, 8 layers, false alarms but for some": [lie(await publish(local, LAYERS), length, LAYERS, 97), local],
    "8 offsets, false alarms but for some": [
      lie(await publish(staggered(local, 8), LAYERS), 8 * length, LAYERS, 7),
      local,
    ],
  };
  for (const [name, [sig, file]] of Object.entries(plans)) {
    yield {
      job: "plan",
      name,
      length,
      run: async () => void await planSync(await LayeredSig.open(sig), file),
    };
  }
}
