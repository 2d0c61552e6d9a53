/** The cases of `deno task bench hostile` with the backend of this process. Prints a line of JSON for each. */
import process from "node:process";
import { defaultKernel } from "../../src/kernel/mod.ts";
import { MIB } from "../_data.ts";
import { deltaCases } from "./deltas.ts";
import { type Case, measure } from "./measure.ts";
import { planCases } from "./plans.ts";
import { searchCases } from "./searches.ts";
import { signatureCases } from "./signatures.ts";

const kernel = defaultKernel();
const isWasm = kernel.backend === "wasm";
const [backend, only = ""] = process.argv.slice(2);
if (kernel.backend !== backend) throw new Error(`Cannot measure the backend ${backend}: ${kernel.backend} runs`);

async function* allCases(): AsyncGenerator<Case> {
  yield* signatureCases(isWasm ? 1_000_000 : 200_000);
  yield* searchCases(kernel, isWasm ? 32 * MIB : 2 * MIB);
  yield* deltaCases(32 * MIB);
  yield* planCases(isWasm ? 8 * MIB : MIB);
}

for await (const measured of measure(allCases(), only)) console.log(JSON.stringify(measured));
