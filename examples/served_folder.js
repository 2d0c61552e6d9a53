/** What the servers for Deno, Bun, Node and Hono have in common: files of a folder, for `syncHandler`. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { atomicWritable } from "rsync-streams/files";

/** Names that are served: no folders, nothing hidden, no temporary files of `atomicWritable`. */
const NAME = /^\/([\w-][\w.-]*)$/;

/**
 * Serves a folder. With a token, whoever has it may upload.
 *
 * @param {string} folder
 * @param {string} [token]
 */
export function servedFolder(folder, token) {
  const pathOf = ({ pathname }) => {
    const name = NAME.exec(pathname)?.[1];
    return name && join(folder, name);
  };
  return {
    async open(url, request) {
      if (request.method === "PATCH" && request.headers.get("Authorization") !== `Bearer ${token}`) {
        throw new Response("Only with the token\n", { status: 401, headers: { "WWW-Authenticate": "Bearer" } });
      }
      const path = pathOf(url);
      if (!path) {
        if (request.method === "PATCH") throw new Response("No such name\n", { status: 403 });
        return undefined;
      }
      const file = await open(path).catch((error) => {
        if (error.code !== "ENOENT") throw error;
      });
      if (!file) return undefined;
      const { size, mtimeMs, ino } = await file.stat();
      // An inode is of one version: uploads replace a file by a rename. Do so as well when you put files here.
      const entityTag = `"${ino}-${mtimeMs}-${size}"`;
      return { basis: file, size, entityTag, modifiedMs: mtimeMs, close: () => file.close() };
    },
    commit: token ? (url, readable) => readable.pipeTo(atomicWritable(pathOf(url))) : undefined,
  };
}
