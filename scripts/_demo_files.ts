/** Finds two similar files for the demo. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageTar } from "./package_tar.ts";

/** Two releases, a month apart, of a package that most people have installed. Unpacked, each has 23 MB. */
const PACKAGE = "typescript";
const BASIS_VERSION = "5.8.2";
const TARGET_VERSION = "5.8.3";

/** Number of edits in the copy that replaces a release where npm does not work. */
const EDIT_COUNT = 20;

const VECTORS = fileURLToPath(new URL("../tests/vectors/luapower.json", import.meta.url));

/** The two files of a demo. */
export interface DemoFiles {
  basis: string;
  target: string;
  /** A description of both, in one line. */
  what: string;
}

/**
 * Gets two releases of a package through npm.
 *
 * Without npm it takes a file of the checkout, and makes an edited copy of it in `folder`.
 */
export async function demoFiles(folder: string): Promise<DemoFiles> {
  try {
    return {
      basis: await packageTar(PACKAGE, BASIS_VERSION),
      target: await packageTar(PACKAGE, TARGET_VERSION),
      what: `the npm package ${PACKAGE}, ${BASIS_VERSION} → ${TARGET_VERSION}, unpacked to tar`,
    };
  } catch (error) {
    console.error(`Cannot get ${PACKAGE} through npm: ${firstLine(error)}`);
    console.error("Going on with a file of this checkout and a copy of it with small edits instead.\n");
    return {
      basis: VECTORS,
      target: await editedCopy(folder),
      what: `a file of the tests, and a copy of it with ${EDIT_COUNT} small edits`,
    };
  }
}

/** Copies the file of the tests with a few letters inserted, removed or replaced, always in the same places. */
async function editedCopy(folder: string): Promise<string> {
  const text = await readFile(VECTORS, "utf8");
  const step = Math.floor(text.length / EDIT_COUNT);
  const parts = Array.from({ length: EDIT_COUNT }, (_, edit) => {
    const part = text.slice(edit * step, edit === EDIT_COUNT - 1 ? undefined : (edit + 1) * step);
    return [`inserted ${edit}`, "", "other"][edit % 3] + part.slice([0, 7, 5][edit % 3]);
  });
  const path = join(folder, "edited.json");
  await writeFile(path, parts.join(""));
  return path;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}
