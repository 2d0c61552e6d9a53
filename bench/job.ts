/**
 * One job, file to file, as a process of its own: what bench/peers.ts times.
 *
 *     job signature BASIS SIG OPTIONS | delta SIG TARGET DELTA OPTIONS | patch BASIS DELTA OUT OPTIONS
 *
 * OPTIONS is JSON for the stream. No fsync at the end: rdiff makes none either.
 */
import process from "node:process";
import { deltaStream, loadSigs, patchStream, sigStream } from "rsync-streams";
import { atomicWritable, fileBasis, fileReadable } from "rsync-streams/files";

const [job, first, second, third] = process.argv.slice(2) as [string, string, string, string];
const options = JSON.parse(process.argv.at(-1)!);
const output = (path: string) => atomicWritable(path, { sync: false });

if (job === "signature") {
  await fileReadable(first).pipeThrough(sigStream(options)).pipeTo(output(second));
} else if (job === "delta") {
  const sigs = await loadSigs(fileReadable(first));
  await fileReadable(second).pipeThrough(deltaStream(sigs, options)).pipeTo(output(third));
} else if (job === "patch") {
  const basis = await fileBasis(first);
  await fileReadable(second).pipeThrough(patchStream(basis, options)).pipeTo(output(third));
  await basis.close();
} else {
  throw new Error(`no job ${job}`);
}
