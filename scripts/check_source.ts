/**
 * Checks what neither the formatter nor the linter checks, and prints the place of each fault.
 *
 *     deno task check:source
 *
 * - No line is longer than the formatter's width. The formatter does not break comments and strings.
 * - In `src/` a DataView comes from `viewOf()` alone: `new DataView(bytes.buffer)` is wrong for a part of a buffer.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readManifest, ROOT } from "./npm_tools.ts";

const FOLDERS = ["src", "assembly", "scripts", "bench", "examples", "tests"];
/** Generated modules, data and packages. */
const SKIPPED = /(^|\/)(_generated|vectors|node_modules)\//;
/** The module of `viewOf()`. */
const VIEW_OF = "src/common/bytes.ts";

const { lineWidth } = readManifest().fmt;

/** The modules that people write, as paths with slashes from the root. */
function sources(): string[] {
  const roots = readdirSync(ROOT).filter((name) => FOLDERS.includes(name));
  const paths = roots.flatMap((root) => {
    return readdirSync(join(ROOT, root), { recursive: true, encoding: "utf8" }).map((path) => join(root, path));
  });
  return ["mod.ts", ...paths.map((path) => path.replaceAll("\\", "/"))]
    .filter((path) => /\.(tsx?|m?js)$/.test(path) && !SKIPPED.test(path)).sort();
}

/** What is wrong in a file, a line for each fault. */
function faultsOf(path: string): string[] {
  const lines = readFileSync(join(ROOT, path), "utf8").split("\n");
  return lines.flatMap((line, index) => {
    const place = `${path}:${index + 1}`;
    const faults: string[] = [];
    // In characters, not in UTF-16 units.
    const width = [...line].length;
    if (width > lineWidth) faults.push(`${place}: ${width} columns, at most ${lineWidth} are allowed`);
    if (path.startsWith("src/") && path !== VIEW_OF && line.includes("new DataView(")) {
      faults.push(`${place}: a DataView made by hand, use viewOf() of ${VIEW_OF}`);
    }
    return faults;
  });
}

const paths = sources();
const faults = paths.flatMap(faultsOf);
if (faults.length > 0) {
  console.error(faults.join("\n"));
  process.exit(1);
}
console.log(`Checked the lines of ${paths.length} files`);
