/** Keeps what jobs make in the origin private file system, so that files of several GB take no memory. */

const ROOT = "playground";

/** The folder of this worker. It is undefined where the browser has no such file system: memory has to do. */
const session = openSession().catch(() => undefined);

/** Opens a folder, and removes those of pages that are gone. A page holds a lock with the name of its folder. */
async function openSession(): Promise<FileSystemDirectoryHandle> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });
  const own = crypto.randomUUID();
  await new Promise<void>((resolve) => {
    navigator.locks.request(own, () => {
      resolve();
      return new Promise(() => {});
    });
  });
  for await (const name of root.keys()) {
    await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
      if (lock) await root.removeEntry(name, { recursive: true }).catch(() => {});
    });
  }
  return await root.getDirectoryHandle(own, { create: true });
}

/** What the jobs of one part of the page made. A new job there replaces it. */
export class Slot {
  readonly #name: string;

  constructor(name: string, id: number) {
    this.#name = `${name}-${id}`;
  }

  /** Removes what earlier jobs made in slots of the same name. */
  static async clear(name: string, id: number): Promise<void> {
    const folder = await session;
    if (!folder) return;
    for await (const old of folder.keys()) {
      const [oldName, oldId] = old.split("-");
      if (oldName !== name || Number(oldId) >= id) continue;
      // A job that is being cancelled may still hold a file. It removes that itself.
      await folder.removeEntry(old).catch(() => {});
    }
  }

  /** Writes a stream into a file, and returns it. */
  async keep(name: string, readable: ReadableStream<Uint8Array<ArrayBuffer>>, signal: AbortSignal): Promise<Blob> {
    const folder = await session;
    if (!folder) return await toBlob(readable, signal);
    const path = `${this.#name}-${name}`;
    const handle = await folder.getFileHandle(path, { create: true });
    const file = await handle.createSyncAccessHandle();
    try {
      await readable.pipeTo(new WritableStream({ write: (chunk) => writeAll(file, chunk) }), { signal });
    } catch (error) {
      file.close();
      await folder.removeEntry(path).catch(() => {});
      throw error;
    }
    file.close();
    return await handle.getFile();
  }
}

function writeAll(file: FileSystemSyncAccessHandle, chunk: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < chunk.length;) at += file.write(chunk.subarray(at));
}

async function toBlob(readable: ReadableStream<Uint8Array<ArrayBuffer>>, signal: AbortSignal): Promise<Blob> {
  const parts: Blob[] = [];
  await readable.pipeTo(new WritableStream({ write: (chunk) => void parts.push(new Blob([chunk])) }), { signal });
  return new Blob(parts);
}
