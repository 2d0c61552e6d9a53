/**
 * The rules of `deno task check:layers`: a configuration of dependency-cruiser, which reads all imports, also those of
 * types.
 *
 * 1. A file of the library imports from its own room and from rooms below it, by a relative path.
 * 2. A file or folder whose name starts with `_` is private to the folder that holds it. Nothing outside that folder
 *    imports it, not even a test. (A name that `deno.json` exports, such as `rsync-streams/files`, is public.)
 * 3. There are no circles: no file imports itself by way of others.
 */
import { readdirSync } from "node:fs";

/** The rooms of the library, from the top. Rooms in one line stand side by side: neither imports the other. */
const ROOMS = [
  ["mod.ts"], // re-exports only
  ["src/cli/"], // the command, the only entry that may import other entries
  ["src/callbacks/", "src/files/", "src/http/"], // entries of their own
  ["src/*.ts"], // the public factories
  ["src/sync/"], // finding a remote file's blocks in a local one
  ["src/stages/"], // where codec, engine and kernel are put together
  ["src/streams/"], // a stage becomes a pair of streams
  ["src/basis/"], // what can be read at random
  ["src/formats/"], // codecs: nothing else knows a magic or an opcode
  ["src/engine/"], // bytes in, records or commands out
  ["src/kernel/", "src/digest/"], // sums, indexes and searches; SHA-256 of a whole file
  ["src/common/"], // what every room may use
];

/** The other folders with code. They may import any room; no room imports them. */
const OTHERS = ["assembly", "bench", "examples", "scripts", "tests"];

/** Throws if `src/` has a folder that is not in the list of rooms, or lacks one that is. */
function checkRooms() {
  const listed = ROOMS.flat().filter((room) => /^src\/.*\/$/.test(room));
  const folders = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const found = folders.map(({ name }) => `src/${name}/`);
  const unknown = found.filter((room) => !listed.includes(room));
  const gone = listed.filter((room) => !found.includes(room));
  if (unknown.length > 0) throw new Error(`Cannot check the layers: ROOMS does not list ${unknown.join(", ")}`);
  if (gone.length > 0) throw new Error(`Cannot check the layers: ROOMS lists ${gone.join(", ")}, which do not exist`);
}

/** A regular expression for the files of some rooms. */
function filesOf(...rooms) {
  return rooms.map((room) => {
    const path = room.replaceAll(".", "\\.").replace("*", "[^/]+");
    return room.endsWith("/") ? `^${path}` : `^${path}$`;
  }).join("|");
}

/** The folders that hold a private file or folder. */
function foldersWithPrivate() {
  const folders = ["src", ...OTHERS.filter((name) => readdirSync(".").includes(name))];
  const paths = folders.flatMap((name) => readdirSync(name, { recursive: true }).map((path) => `${name}/${path}`));
  const parents = paths.map((path) => /^(.*\/)_[^/]*$/.exec(path.replaceAll("\\", "/"))?.[1]);
  return [...new Set(parents)].filter((parent) => parent !== undefined).sort();
}

checkRooms();

const downOnly = ROOMS.flatMap((sideBySide, level) =>
  sideBySide.map((room) => ({
    name: `${room} may import only itself and what is below`,
    severity: "error",
    from: { path: filesOf(room) },
    to: { dependencyTypes: ["local"], pathNot: filesOf(room, ...ROOMS.slice(level + 1).flat()) },
  }))
);

const privateToFolder = foldersWithPrivate().map((folder) => ({
  name: `${folder}_* is private to ${folder}`,
  severity: "error",
  from: { pathNot: filesOf(folder) },
  to: { path: `${filesOf(folder)}_` },
}));

export default {
  forbidden: [
    ...downOnly,
    ...privateToFolder,
    {
      name: "the library imports its own files by relative paths",
      severity: "error",
      from: { path: filesOf(...ROOMS.flat()) },
      to: { path: "^rsync-streams(/|$)" },
    },
    { name: "no circles", severity: "error", from: {}, to: { circular: true } },
  ],
  options: {
    // Reads the imports before TypeScript drops those of types.
    tsPreCompilationDeps: true,
    exclude: { path: "(^|/)(\\.cache|\\.git|coverage|node_modules|npm|vectors)/" },
  },
};
