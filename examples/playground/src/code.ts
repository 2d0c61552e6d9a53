/** The code for what is on the screen. */
import type { PairOptions } from "./protocol.ts";

/** The three steps with these options. */
export function pairCode(
  { format, blockLength, weakSum, strongSum, backend }: PairOptions,
  usedBlockLength: number,
): string {
  const isDefault = format === "rsync-streams";
  const options = [
    "fileLength: basis.size",
    ...isDefault ? [] : [`format: "${format}"`],
    ...blockLength === undefined && isDefault ? [] : [`blockLength: ${usedBlockLength}`],
    ...weakSum ? [`weakSum: "${weakSum}"`] : [],
    ...strongSum ? [`strongSum: "${strongSum}"`] : [],
    ...backend ? [`backend: "${backend}"`] : [],
  ];
  const given = format === "luapower" ? [`format: "luapower"`, `blockLength: ${usedBlockLength}`] : [];
  const loadOptions = backend ? [...given, `backend: "${backend}"`] : given;
  return `import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";

// A has the basis, a File or a Blob, and makes a signature of it.
const sig = basis.stream().pipeThrough(sigStream({ ${options.join(", ")} }));

// B has the target, and makes a delta.
const sigs = await loadSigs(sig${asArgument(loadOptions)});
const delta = target.stream().pipeThrough(deltaStream(sigs));

// A patches: the result is the target${isDefault ? ", verified" : ""}.
const patched = delta.pipeThrough(patchStream(basis${asArgument(given)}));
`;
}

/** An update from a URL. */
export function updateCode(url: string): string {
  return `import { fetchUpdate, planUpdate } from "rsync-streams/http";

const url = ${JSON.stringify(url)};
const plan = await planUpdate(url, basis); // basis: the file that you have
console.log(plan.missingLength, plan.requests, plan.savedShare);

const { readable, stats } = await fetchUpdate(url, basis);
const updated = await new Response(readable).blob();
console.log(stats.bytesIn, stats.isVerified);
`;
}

function asArgument(options: readonly string[]): string {
  return options.length === 0 ? "" : `, { ${options.join(", ")} }`;
}
