/** What workers have, and nobody else. */
import { type Basis, patchStream } from "rsync-streams";

/** A file of the origin private file system. */
export async function handles(file: FileSystemFileHandle): Promise<Basis> {
  const handle = await file.createSyncAccessHandle();
  patchStream(handle);
  return handle;
}
