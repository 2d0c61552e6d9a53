/** What pages have, and nobody else. */
import { type Basis, loadSigs, patchStream, sigStream } from "rsync-streams";

/** Files of a page. */
export async function files(input: HTMLInputElement, root: FileSystemDirectoryHandle): Promise<Basis> {
  const file = input.files![0]!;
  await loadSigs(file);
  await loadSigs(file.stream().pipeThrough(sigStream()));
  const handle = await root.getFileHandle("basis");
  patchStream(handle);
  const writable = await handle.createWritable();
  await file.stream().pipeThrough(patchStream(handle)).pipeTo(writable);
  return handle;
}
