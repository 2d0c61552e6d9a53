/** Files in a folder, for Deno, Node and Bun. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { atomicWritable, fileBasis } from "rsync-streams/files";

/** Files that do not change have one tag, so that the signature of one can be given for another. */
const PUBLISHED = '"published"';

export function diskStore(root) {
  return {
    async open(path) {
      const file = join(root, path);
      const seen = await stat(file, { bigint: true }).catch(() => undefined);
      if (!seen?.isFile()) return undefined;
      const basis = await fileBasis(file);
      return {
        basis,
        size: basis.size,
        entityTag: path.startsWith("up/") ? `"${seen.ino}-${seen.mtimeNs}-${seen.size}"` : PUBLISHED,
        modifiedMs: Number(seen.mtimeMs),
        contentType: path.endsWith(".txt") ? "text/plain" : undefined,
        close: () => basis.close(),
      };
    },
    async commit(path, readable) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await readable.pipeTo(atomicWritable(join(root, path)));
    },
  };
}
