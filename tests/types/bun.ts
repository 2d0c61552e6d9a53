/** Sources and bases of Bun. */
import { type Basis, type ByteSource, deltaStream, loadSigs, patchStream } from "rsync-streams";
import { syncHandler } from "rsync-streams/http";

/** Each kind. */
export async function bunKinds(): Promise<[ByteSource, Basis]> {
  const file = Bun.file("file");
  const sigs = await loadSigs(file);
  await loadSigs(file.stream());
  file.stream().pipeThrough(deltaStream(sigs)).pipeThrough(patchStream(file));
  Bun.serve({ fetch: syncHandler({ open: () => ({ basis: file, size: file.size, entityTag: '"1"' }) }) });
  return [file, file];
}
